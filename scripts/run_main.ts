import { EdgecapError } from "../src/errors.ts";

/** Does a script's work. Of an error that edgecap throws on purpose it prints the message alone, and the status is 1. */
export async function runMain(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof EdgecapError)) throw error;
    console.error(error.message);
    process.exitCode = 1;
  }
}
