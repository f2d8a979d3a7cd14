import { SingleBar } from "cli-progress";

/** A progress bar that is taken away when it goes out of scope. */
export interface Progress extends Disposable {
  /** Says how much is done. */
  update(done: number): void;
}

/**
 * A progress bar on standard error, where that is a terminal; elsewhere, and for a single item, it shows nothing.
 *
 * Where captions go to the same terminal line by line, they are progress enough: then pass `sharesTerminal`.
 */
export function startProgress(total: number, unit: string, sharesTerminal = false): Progress {
  if (!process.stderr.isTTY || total < 2 || sharesTerminal) return { update() {}, [Symbol.dispose]() {} };
  const bar = new SingleBar({
    format: `{bar} {value}/{total} ${unit}, {eta_formatted} left`,
    stream: process.stderr,
    clearOnComplete: true,
    hideCursor: true,
  });
  bar.start(total, 0);
  return {
    update: (done) => bar.update(done),
    [Symbol.dispose]: () => bar.stop(),
  };
}
