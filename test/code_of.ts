import { EdgecapError, type ErrorCode } from "../src/errors.ts";

/** The code of the error that some work rejects with; errors that are not edgecap's are thrown again. */
export async function codeOf(work: Promise<unknown>): Promise<ErrorCode | "no error"> {
  try {
    await work;
  } catch (error) {
    if (error instanceof EdgecapError) return error.code;
    throw error;
  }
  return "no error";
}

/** The value with which some work rejects; `undefined` if it does not reject. */
export async function reasonOf(work: Promise<unknown>): Promise<unknown> {
  try {
    await work;
  } catch (error) {
    return error;
  }
  return undefined;
}
