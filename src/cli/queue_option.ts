import { Option } from "commander";
import { parseQueueAddress } from "../queue/connect.ts";

/**
 * `--queue`, which names a queue on a server of Redis or Valkey. edgecap reports a wrong address itself: commander's
 * message repeats the address, with its password.
 */
export function queueOption(description: string): Option {
  return new Option("--queue <address>", description).argParser(parseQueueAddress);
}
