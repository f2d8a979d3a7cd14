import { fileURLToPath } from "node:url";
import { fetchResnet50 } from "../../scripts/fetch_weights.ts";
import { EdgecapError } from "../../src/errors.ts";

/**
 * The folder with ResNet50's published weights, fetched once into `.cache`, or `undefined` with a message where npm
 * reaches no registry. A tarball that is not the expected one is an error all the same.
 */
export async function resnet50Weights(): Promise<string | undefined> {
  try {
    return await fetchResnet50(fileURLToPath(new URL("../../.cache", import.meta.url)));
  } catch (error) {
    if (!(error instanceof EdgecapError) || error.code !== "file-unreadable") throw error;
    console.log(`${error.message} The tests of the whole encoder have nothing to run.`);
    return undefined;
  }
}
