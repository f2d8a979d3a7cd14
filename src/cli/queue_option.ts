import { Option } from "commander";
import { parseQueueAddress } from "../queue/connect.ts";

/**
 * `--queue`, which names a queue on a server of Redis or Valkey. A wrong address is an error of edgecap's own: commander's repeats
 * what was given, with its password.
 */
export function queueOption(description: string): Option {
  return new Option("--queue <address>", description).argParser(parseQueueAddress);
}
