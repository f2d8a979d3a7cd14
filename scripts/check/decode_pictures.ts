/**
 * Decodes each file named on standard input, one per line, for scripts that compare with another decoder.
 *
 * usage: bun scripts/check/decode_pictures.ts [LONGER_SIDE]
 *
 * For each it writes a line, "ok WIDTH HEIGHT", then the RGB pixels; or the code and the message of the refusal.
 */

import { readFile } from "node:fs/promises";
import { createInterface } from "node:readline";
import { EdgecapError } from "../../src/errors.ts";
import { decodeImage } from "../../src/image/decode.ts";

const atMost = Number(process.argv[2] ?? 65_535);
for await (const path of createInterface({ input: process.stdin })) {
  try {
    const { rgb, size } = await decodeImage(await readFile(path), { size: { atMost } });
    await Bun.write(Bun.stdout, `ok ${size.width} ${size.height}\n`);
    await Bun.write(Bun.stdout, rgb);
  } catch (error) {
    if (!(error instanceof EdgecapError)) throw error;
    await Bun.write(Bun.stdout, `${error.code}: ${error.message}\n`);
  }
}
