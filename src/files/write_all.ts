import type { FileHandle } from "node:fs/promises";

/** Writes bytes at a file's place. A nearly full disk writes only a part at a time, and reports it by the count. */
export async function writeAll(file: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let done = 0; done < bytes.length; ) done += (await file.write(bytes, done)).bytesWritten;
}
