import { fileURLToPath } from "node:url";
import { fetchResnet50 } from "../../scripts/model/fetch_weights.ts";
import { EdgecapError } from "../../src/errors.ts";

async function fetched(): Promise<string | undefined> {
  try {
    return await fetchResnet50(fileURLToPath(new URL("../../.cache", import.meta.url)));
  } catch (error) {
    if (!(error instanceof EdgecapError) || error.code !== "file-unreadable") throw error;
    return undefined;
  }
}

/**
 * The folder with ResNet50's published weights, fetched once into `.cache`, or `undefined` if npm cannot reach a
 * registry. A tarball that is not the expected one is an error.
 */
export const resnet50Weights: string | undefined = await fetched();

/** Why tests that need the weights cannot run, or `undefined` if they can. */
export const noWeights: string | undefined =
  resnet50Weights === undefined ? "npm cannot fetch ResNet50's weights" : undefined;
