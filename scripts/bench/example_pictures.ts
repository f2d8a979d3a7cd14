import { globSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));

/**
 * The photos in examples/, by name. Runners caption them in turn, because some photos need more searches than others.
 */
export const examplePictures: readonly string[] = globSync(`${root}examples/*.jpg`).sort();
