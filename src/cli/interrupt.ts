import { EdgecapError } from "../errors.ts";

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
