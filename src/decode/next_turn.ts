/** Lets the event loop take a turn: timers, messages and aborts run before the promise resolves. */
export function nextTurn(): Promise<void> {
  if (typeof setImmediate === "function") return new Promise((resolve) => setImmediate(resolve));
  // Some edge workers only have timers. In a browser, a timer would wait 4 ms.
  if (typeof MessageChannel !== "function") return new Promise((resolve) => setTimeout(resolve));
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(undefined);
  });
}
