import { setImmediate } from "node:timers/promises";
import { throwIfAborted } from "../errors.ts";

/**
 * Lets signals and timers run between two blocks of work; otherwise Ctrl-C would wait for the end of an epoch.
 *
 * @throws {EdgecapError} `aborted`.
 */
export async function yieldToEvents(signal: AbortSignal | undefined): Promise<void> {
  await setImmediate();
  throwIfAborted(signal);
}
