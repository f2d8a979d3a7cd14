import { EdgecapError } from "../errors.ts";

/**
 * The graphics device was lost for the first time and has been replaced. Its contents are gone, so the picture
 * has to be captioned again.
 */
export class DeviceReplacedError extends EdgecapError {
  constructor(cause: unknown) {
    super("backend-lost", "The graphics device was lost and replaced: caption the picture again.", { cause });
  }
}
