import { EdgecapError } from "../../errors.ts";

/**
 * Insists on threads as the web has them.
 *
 * @throws {EdgecapError} `option-invalid` on Node, which has none.
 */
export function needWorkers(): void {
  if (typeof Worker !== "undefined") return;
  throw new EdgecapError(
    "option-invalid",
    "Servers, batches and queues work on threads that Node has not: start edgecap with bun or deno. A caption needs none.",
  );
}
