import { EdgecapError } from "../../src/errors.ts";

/** The error with which edgecap refuses something. Any other outcome fails the test. */
export function refusalOf(attempt: () => unknown): EdgecapError {
  try {
    attempt();
  } catch (error) {
    if (error instanceof EdgecapError) return error;
    throw error;
  }
  throw new Error("It was not refused.");
}
