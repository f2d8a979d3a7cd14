import { EdgecapError, firstThrown } from "../src/errors.ts";

/** Runs a script. For an error that edgecap throws on purpose it prints only the message, and exits with 1. */
export async function runMain(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (thrown) {
    const error = firstThrown(thrown);
    if (!(error instanceof EdgecapError)) throw error;
    console.error(error.message);
    process.exitCode = 1;
  }
}
