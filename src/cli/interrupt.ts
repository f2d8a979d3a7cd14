import { EdgecapError } from "../errors.ts";

/** Ctrl-C stopped a verb; the message says what was kept, and how to go on. */
export class Interrupted extends EdgecapError {
  /** @param kept What was kept, as the rest of a sentence that begins with "Interrupted". */
  constructor(kept: string, options?: ErrorOptions) {
    super("aborted", `Interrupted${kept}`, options);
  }
}

/**
 * Does a verb's work, and where Ctrl-C ends it says what was kept.
 *
 * @param kept See {@linkcode Interrupted}; asked for when it is over.
 * @throws {Interrupted} in place of an `aborted`; other errors as they are.
 */
export async function sayingWhatIsKept<T>(work: () => Promise<T>, kept: () => string): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof EdgecapError) || error.code !== "aborted") throw error;
    throw new Interrupted(kept(), { cause: error });
  }
}

/** A signal that Ctrl-C aborts; the handler goes with the scope. */
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
