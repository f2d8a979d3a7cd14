import { readFile } from "node:fs/promises";
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs";

interface ModelFile {
  modelTopology: tf.io.ModelJSON["modelTopology"] & {
    model_config: { config: { layers: { class_name: string; config: { batch_input_shape?: (number | null)[] } }[] } };
  };
  weightsManifest: tf.io.WeightsManifestConfig;
}

/**
 * Loads a tfjs layers model from a folder, on the backend that is set.
 *
 * @param folder Folder with `model.json` and the shards that it names.
 * @param size Height and width instead of those that the model was saved with; its layers must accept any size.
 */
export async function loadLayersModel(folder: string, size?: number): Promise<tf.LayersModel> {
  const file = JSON.parse(await readFile(join(folder, "model.json"), "utf8")) as ModelFile;
  if (size !== undefined) {
    for (const layer of file.modelTopology.model_config.config.layers) {
      if (layer.class_name === "InputLayer") layer.config.batch_input_shape = [null, size, size, 3];
    }
  }
  const paths = file.weightsManifest.flatMap((group) => group.paths);
  const shards = await Promise.all(paths.map((path) => readFile(join(folder, path))));
  const bytes = Buffer.concat(shards);
  return tf.loadLayersModel(
    tf.io.fromMemory({
      modelTopology: file.modelTopology,
      weightSpecs: file.weightsManifest.flatMap((group) => group.weights),
      weightData: bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer,
    }),
  );
}
