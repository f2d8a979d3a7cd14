import { appendFile, mkdir, readFile } from "node:fs/promises";
import { dirname } from "node:path";
import { type Evidence, evidenceOf } from "../../../src/confidence/evidence.ts";
import { generate } from "../../../src/decode/generate.ts";
import { decodeImage } from "../../../src/image/decode.ts";
import { encoderInput } from "../../../src/image/encoder_input.ts";
import type { Model } from "../../../src/model/open_model.ts";
import { sentence } from "../../../src/text/sentence.ts";

/** A caption of a photo, with the evidence for it. */
export interface KnownCaption {
  readonly caption: string;
  readonly evidence: Evidence;
}

/** A photo to caption. */
export interface AskedPhoto {
  /** Its name, unique among all photos of a run. */
  readonly key: string;
  readonly read: () => Promise<Uint8Array>;
}

/**
 * Captions photos as the bundle recommends, and stores the results in a file, so that a stopped run can continue and a
 * second run needs no graph.
 *
 * @param cache A file with one line of JSON per photo.
 * @param onDone Called after each photo that was captioned.
 * @returns By key.
 */
export async function captionEvidence(
  model: Model,
  photos: readonly AskedPhoto[],
  cache: string,
  onDone?: (done: number) => void,
): Promise<Map<string, KnownCaption>> {
  await mkdir(dirname(cache), { recursive: true });
  const known = await readCache(cache);
  for (const [place, { key, read }] of photos.entries()) {
    if (known.has(key)) continue;
    const found = await captionOne(model, await read());
    known.set(key, found);
    await appendFile(cache, `${JSON.stringify({ key, ...found })}\n`);
    onDone?.(place + 1);
  }
  return known;
}

async function readCache(path: string): Promise<Map<string, KnownCaption>> {
  const text = await readFile(path, "utf8").catch(() => "");
  const known = new Map<string, KnownCaption>();
  for (const line of text.split("\n")) {
    try {
      const { key, caption, evidence } = JSON.parse(line) as KnownCaption & { key: string };
      known.set(key, { caption, evidence });
    } catch {
      // The end of the file, or part of a line from a stopped run: that photo is captioned again.
    }
  }
  if (!/(^|\n)$/.test(text)) await appendFile(path, "\n");
  return known;
}

async function captionOne(model: Model, photo: Uint8Array): Promise<KnownCaption> {
  const { manifest, graphs, vocabulary, neighbours, finder, required, repeats } = model;
  const { size } = manifest.encoder;
  const { rgb } = await decodeImage(photo, { size });
  const { grid } = await graphs.encoder.run({ pixels: { data: encoderInput(rgb), shape: [1, size, size, 3] } });
  const { prefix } = manifest.decoder;
  const { neighbours: _, noRepeatNgram: __, concepts: ___, ...generation } = manifest.generation;
  const options = { ...generation, vocabulary: vocabulary.size, minWords: 1, count: 1 };
  const decoder = { init: graphs.init, step: graphs.step, ...(prefix !== undefined && { prefix }) };
  const {
    captions,
    concepts: probabilities,
    ...facts
  } = await generate(decoder, grid!, { ...options, ...repeats }, neighbours, required);
  const { tokens, ...best } = captions[0]!;
  const words = vocabulary.decode(tokens);
  const concepts = finder && probabilities && { finder, probabilities };
  return { caption: sentence(words), evidence: evidenceOf({ ...best, ...facts, words, concepts }) };
}
