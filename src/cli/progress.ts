import type { SingleBar } from "cli-progress";
import { variable } from "../platform/environment.ts";

/** A progress bar that is removed when it goes out of scope. */
export interface Progress extends Disposable {
  /** Reports how much is done, with an optional note. */
  update(done: number, note?: string): void;
}

/**
 * A progress bar on standard error, if that is a terminal; otherwise, and for a single item, it shows nothing.
 *
 * Pass `sharesTerminal` if captions go to the same terminal line by line: they show the progress themselves.
 */
export function startProgress(total: number, unit: string, sharesTerminal = false): Progress {
  // A terminal that calls itself dumb would show the bar's control sequences.
  const isBare = !process.stderr.isTTY || variable("TERM") === "dumb";
  if (isBare || total < 2 || sharesTerminal) return { update() {}, [Symbol.dispose]() {} };
  let bar: SingleBar | undefined;
  let ended = false;
  let state: [done: number, payload: { readonly note?: string }] = [0, { note: "" }];
  // Whoever shows no bar starts faster without the package. A bar that cannot be shown stops no work.
  import("cli-progress").then(
    ({ SingleBar }) => {
      if (ended) return;
      bar = new SingleBar({
        format: `{bar} {value}/{total} ${unit}{note}, {eta_formatted} left`,
        stream: process.stderr,
        clearOnComplete: true,
        hideCursor: true,
      });
      bar.start(total, ...state);
    },
    () => {},
  );
  return {
    update: (done, note) => {
      state = [done, note === undefined ? state[1] : { note: `, ${note}` }];
      bar?.update(...state);
    },
    [Symbol.dispose]: () => {
      ended = true;
      bar?.stop();
    },
  };
}

/**
 * A callback that shows a bar from the first call of a phase to its last, then waits for the next phase. If standard
 * error is not a terminal, it reports once a minute how far the phase is, for whoever reads the log.
 *
 * @param unit What is counted.
 */
export function phaseProgress(unit: string): (done: number, total: number, note?: string) => void {
  let progress: Progress | undefined;
  let started = 0;
  let lastReport = 0;
  // A phase of a resumed run does not begin at 1.
  let first = 0;
  return (done, total, note) => {
    const now = performance.now();
    if (progress === undefined) {
      progress = startProgress(total, unit);
      [started, lastReport, first] = [now, now, done];
    }
    progress.update(done, note);
    if (!process.stderr.isTTY && done > first && now - lastReport > 60_000) {
      lastReport = now;
      const minutes = ((now - started) / 60_000 / (done - first)) * (total - done);
      const more = note === undefined ? "" : `, ${note}`;
      process.stderr.write(`  ${done}/${total} ${unit}, about ${minutes.toFixed(1)} min left${more}\n`);
    }
    if (done < total) return;
    progress[Symbol.dispose]();
    progress = undefined;
  };
}
