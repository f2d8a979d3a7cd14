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
 * @param work Produces the events, and calls `send` for each. When it returns, the stream ends.
 * @param onLeave Called if the client disconnects before the end.
 */
export function eventStream(
  work: (send: (event: ServerEvent) => void) => Promise<void>,
  onLeave: () => void,
): ReadableStream<Uint8Array> {
  return textStream(
    (write) => {
      // The first byte shows that the request was accepted.
      write(": ready\n\n");
      return work(({ event, data }) => write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`));
    },
    onLeave,
    ": ping\n\n",
  );
}

/**
 * A body of texts that are sent as they are produced.
 *
 * @param work Produces the texts, and calls `write` for each. When it returns, the stream ends.
 * @param onLeave Called if the client disconnects before the end.
 * @param keepAlive Written every five seconds, so that no proxy takes the stream for dead.
 */
export function textStream(
  work: (write: (text: string) => void) => Promise<void>,
  onLeave: () => void,
  keepAlive?: string,
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  let timer: ReturnType<typeof setInterval> | undefined;
  let open = true;
  return new ReadableStream({
    start(controller) {
      const write = (text: string) => {
        if (open) controller.enqueue(encoder.encode(text));
      };
      if (keepAlive !== undefined) timer = setInterval(() => write(keepAlive), pingMs);
      const end = () => {
        clearInterval(timer);
        if (open) controller.close();
        open = false;
      };
      work(write).then(end, end);
    },
    cancel() {
      open = false;
      clearInterval(timer);
      onLeave();
    },
  });
}
