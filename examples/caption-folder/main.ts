/** Captions the pictures of a folder, one line each: `bun main.ts photos`. */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { load } from "edgecap";

const folder = process.argv[2] ?? ".";
const names = (await readdir(folder)).filter((name) => /\.(?:jpe?g|png|webp|gif|bmp)$/i.test(name)).sort();

await using captioner = await load();
for await (const { index, caption, error } of captioner.captionAll(names.map((name) => join(folder, name)))) {
  if (error === undefined) console.log(`${names[index]}: ${caption}`);
  else {
    console.error(`${names[index]}: ${error.message}`);
    process.exitCode = 1;
  }
}
