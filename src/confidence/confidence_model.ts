import type { ConfidenceFit } from "../bundle/manifest.ts";
import { EdgecapError } from "../errors.ts";
import { type Evidence, type EvidenceName, evidenceNames } from "./evidence.ts";

/** Computes how likely a caption is right, with a bundle's logistic regression on the evidence. */
export class ConfidenceModel {
  readonly #fit: ConfidenceFit;
  readonly #features: readonly EvidenceName[];

  /**
   * @param where The bundle, for messages.
   * @throws {EdgecapError} `bundle-manifest-invalid` if it asks for evidence that this edgecap does not make.
   */
  constructor(fit: ConfidenceFit, where: string) {
    const unknown = fit.features.find((name) => !(evidenceNames as readonly string[]).includes(name));
    if (unknown !== undefined) {
      throw new EdgecapError(
        "bundle-manifest-invalid",
        `The confidence of "${where}" asks for "${unknown}", which this version of edgecap does not know: update edgecap.`,
      );
    }
    this.#fit = fit;
    this.#features = fit.features as EvidenceName[];
  }

  /** The probability that the caption is right, 0 to 1. */
  confidence(evidence: Evidence): number {
    const { mean, scale, weights, bias } = this.#fit;
    const sum = this.#features.reduce(
      (total, name, i) => total + (weights[i]! * (evidence[name] - mean[i]!)) / scale[i]!,
      bias,
    );
    return 1 / (1 + Math.exp(-sum));
  }
}
