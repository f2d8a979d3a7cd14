/** An event of a stream of server-sent events. */
export interface ServerEvent {
  readonly event: string;
  readonly data: unknown;
}

/** Time between two comments that keep a silent stream open, in milliseconds. */
const pingMs = 5000;

/**
 * A body of server-sent events, with a comment every five seconds of silence.
 *
 * @param work Makes the events; it gets `send` for each. When it returns, the stream ends.
 * @param onLeave Called where the client leaves before.
 */
export function eventStream(
  work: (send: (event: ServerEvent) => void) => Promise<void>,
  onLeave: () => void,
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  let timer: ReturnType<typeof setInterval> | undefined;
  let open = true;
  return new ReadableStream({
    start(controller) {
      const write = (text: string) => {
        if (open) controller.enqueue(encoder.encode(text));
      };
      timer = setInterval(() => write(": ping\n\n"), pingMs);
      const end = () => {
        clearInterval(timer);
        if (open) controller.close();
        open = false;
      };
      // The first byte says that the request was taken.
      write(": ready\n\n");
      work(({ event, data }) => write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`)).then(end, end);
    },
    cancel() {
      open = false;
      clearInterval(timer);
      onLeave();
    },
  });
}
