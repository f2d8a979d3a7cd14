import { EdgecapError } from "../errors.ts";

/** Ctrl-C stopped a verb; the message says what was kept, and how to continue. */
export class Interrupted extends EdgecapError {
  /** @param kept What was kept, as the rest of a sentence that begins with "Interrupted". */
  constructor(kept: string, options?: ErrorOptions) {
    super("aborted", `Interrupted${kept}`, options);
  }
}

/**
 * Does a verb's work; if Ctrl-C ends it, says what was kept.
 *
 * @param kept See {@linkcode Interrupted}; called only after an interruption.
 * @throws {Interrupted} instead of an `aborted` error; other errors are thrown unchanged.
 */
export async function withInterruptMessage<T>(work: () => Promise<T>, kept: () => string): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof EdgecapError) || error.code !== "aborted") throw error;
    throw new Interrupted(kept(), { cause: error });
  }
}

/** A signal that Ctrl-C aborts; the handler is removed at the end of the scope. */
export function interruptSignal(): { readonly signal: AbortSignal } & Disposable {
  const controller = new AbortController();
  const interrupt = () => controller.abort(new EdgecapError("aborted", "Interrupted."));
  process.once("SIGINT", interrupt);
  return {
    signal: controller.signal,
    [Symbol.dispose]: () => {
      process.off("SIGINT", interrupt);
    },
  };
}
