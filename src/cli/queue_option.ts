import { InvalidArgumentError, Option } from "commander";
import { EdgecapError } from "../errors.ts";
import { parseQueueAddress, type QueueAddress } from "../queue/connect.ts";

/** `--queue`, which names a queue on a server of Redis or Valkey. */
export function queueOption(description: string): Option {
  return new Option("--queue <address>", description).argParser(readAddress);
}

function readAddress(text: string): QueueAddress {
  try {
    return parseQueueAddress(text);
  } catch (error) {
    if (error instanceof EdgecapError) throw new InvalidArgumentError(error.message);
    throw error;
  }
}
