import type { Command } from "commander";
import { openDeadLetters } from "../queue/caption_queue.ts";
import { connectQueue, type QueueAddress } from "../queue/connect.ts";
import { queueOption } from "./queue_option.ts";

/** Adds `edgecap dead-letters`. */
export function registerDeadLetters(program: Command): void {
  program
    .command("dead-letters")
    .description("List the pictures of a queue that failed for good, one line of JSON each.")
    .addOption(queueOption("address of the queue; see edgecap worker").makeOptionMandatory())
    .option("--clear", "empty the list after printing it")
    .addHelpText(
      "after",
      `
To try a picture again, delete its line from the file of results and run edgecap batch again.

Example:
  edgecap dead-letters --queue redis://queue.example:6379 --clear >> failed.jsonl`,
    )
    .action(list);
}

const page = 500;

async function list({ queue: address, clear }: { queue: QueueAddress; clear?: boolean }): Promise<void> {
  await using connection = await connectQueue(address);
  const queue = openDeadLetters(connection);
  try {
    for (let start = 0; ; start += page) {
      const letters = await queue.getJobs(["waiting"], start, start + page - 1, true);
      for (const { data } of letters) process.stdout.write(`${JSON.stringify(data)}\n`);
      if (letters.length < page) break;
    }
    if (clear === true) await queue.drain();
  } finally {
    await queue.close();
  }
}
