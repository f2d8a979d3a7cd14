import { EdgecapError } from "../errors.ts";

/**
 * The first loss of the graphics device, after which there is a new one: what the old one held is gone, so the picture
 * has to be begun again.
 */
export class DeviceReplacedError extends EdgecapError {
  constructor(cause: unknown) {
    super("backend-lost", "The graphics device was lost and is replaced: caption the picture again.", { cause });
  }
}
