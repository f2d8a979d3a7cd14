import { activationLayers } from "./activation.ts";
import { convolutionLayers } from "./convolution.ts";
import { coreLayers } from "./core.ts";
import { embeddingLayers } from "./embedding.ts";
import type { LayerFamily } from "./layer_call.ts";
import { mergeLayers } from "./merge.ts";
import { normalizationLayers } from "./normalization.ts";
import { poolingLayers } from "./pooling.ts";
import { recurrentLayers } from "./recurrent.ts";
import { wrapperLayers } from "./wrapper.ts";

/** Every layer that can be exported, by its class name in tfjs. */
export const layerConverters: LayerFamily = {
  ...activationLayers,
  ...convolutionLayers,
  ...coreLayers,
  ...embeddingLayers,
  ...mergeLayers,
  ...normalizationLayers,
  ...poolingLayers,
  ...recurrentLayers,
  ...wrapperLayers,
};
