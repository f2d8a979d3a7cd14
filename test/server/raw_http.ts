import { connect } from "node:net";

/** The answer over a connection. */
export interface RawAnswer {
  /** Status of the first answer; 0 if the connection was closed without one. */
  readonly status: number;
  /** All bytes, one character each. */
  readonly text: string;
  /** Milliseconds until the connection was closed by the server; `undefined` if it was still open at the end. */
  readonly closedAfter: number | undefined;
}

/** How a connection is used. */
export interface RawOptions {
  /** Longest wait for the server to close, in milliseconds. Default 20,000. */
  readonly limitMs?: number;
  /** Ends the wait once this is met. */
  readonly until?: (text: string) => boolean;
}

/**
 * Opens a connection and sends bytes as they are, without a client that would correct them.
 *
 * @param send Bytes, one character each; or a function that writes them in its own time.
 */
export function rawExchange(
  url: string,
  send: string | ((write: (part: string | Uint8Array) => void) => void),
  { limitMs = 20_000, until }: RawOptions = {},
): Promise<RawAnswer> {
  const { hostname, port } = new URL(url);
  const { promise, resolve } = Promise.withResolvers<RawAnswer>();
  const started = performance.now();
  const socket = connect(Number(port), hostname);
  let text = "";
  let settled = false;
  const settle = (closed: boolean) => {
    if (settled) return;
    settled = true;
    clearTimeout(timer);
    socket.destroy();
    const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(text)?.[1] ?? 0);
    resolve({ status, text, closedAfter: closed ? performance.now() - started : undefined });
  };
  const timer = setTimeout(() => settle(false), limitMs);
  const write = (part: string | Uint8Array) => {
    if (!settled) socket.write(typeof part === "string" ? Buffer.from(part, "latin1") : part);
  };
  socket.on("data", (chunk) => {
    text += chunk.toString("latin1");
    if (until?.(text)) settle(false);
  });
  socket.on("error", () => {});
  socket.on("close", () => settle(true));
  socket.on("connect", () => (typeof send === "string" ? write(send) : send(write)));
  return promise;
}

/** Whether the first answer is whole: its head, and as much of a body as the head says. */
export function isWhole(text: string): boolean {
  const end = text.indexOf("\r\n\r\n");
  if (end === -1) return false;
  const head = text.slice(0, end);
  const length = /^content-length: *(\d+)/im.exec(head)?.[1];
  if (length !== undefined) return text.length - end - 4 >= Number(length);
  return /^transfer-encoding: *chunked/im.test(head) ? text.endsWith("0\r\n\r\n") : false;
}
