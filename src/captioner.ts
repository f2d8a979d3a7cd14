import { type BundleGraphs, checkShapes } from "./bundle/check_shapes.ts";
import { type BundleSource, defaultBundle, loadBundle } from "./bundle/load_bundle.ts";
import type { Manifest } from "./bundle/manifest.ts";
import { type CaptionOptions, resolveOptions } from "./caption_options.ts";
import { generate } from "./decode/generate.ts";
import { EdgecapError, throwIfAborted } from "./errors.ts";
import { decodeImage } from "./image/decode.ts";
import { encoderInput } from "./image/encoder_input.ts";
import { GraphSession } from "./runtime/graph_session.ts";
import { sentence } from "./text/sentence.ts";
import { Vocabulary } from "./text/vocabulary.ts";
import { textModule } from "./text/wasm.ts";

/** An encoded picture: JPEG, PNG, WebP, GIF or BMP. */
export type ImageSource = Uint8Array | ArrayBuffer | Blob;

/** One word of a caption. */
export interface CaptionWord {
  readonly text: string;
  /** Natural logarithm of the probability that the model gave it after the words before. */
  readonly logProbability: number;
}

/** Another caption of the same picture. */
export interface Alternative {
  readonly caption: string;
  /** Natural logarithm of its probability, the end included. */
  readonly logProbability: number;
}

/** How long each part took, in milliseconds. */
export interface CaptionTiming {
  /** Decoding and resizing the picture. */
  readonly imageMs: number;
  /** The encoder graph. */
  readonly encodeMs: number;
  /** The decoder graphs and the search. */
  readonly generateMs: number;
}

/** A caption and how it came about. */
export interface Caption {
  /** The sentence, in lower case, without a full stop. */
  readonly caption: string;
  /** Natural logarithm of its probability: the sum over its words and its end. */
  readonly logProbability: number;
  readonly words: readonly CaptionWord[];
  /** The next best captions, best first; empty unless asked for. */
  readonly alternatives: readonly Alternative[];
  readonly timing: CaptionTiming;
}

/** Options of {@linkcode load}. */
export interface LoadOptions {
  /** Threads of one inference, 1 to 64. Default 1: more are slower where other work wants the cores. */
  readonly threads?: number;
  readonly signal?: AbortSignal;
}

/**
 * Loads a bundle.
 *
 * @param bundle Folder, URL or files of a bundle. Default: the one that comes with edgecap.
 * @throws {EdgecapError} `bundle-*`, `graph-failed`, `option-invalid` or `aborted`.
 */
export async function load(bundle: BundleSource = defaultBundle, options: LoadOptions = {}): Promise<Captioner> {
  const threads = options.threads ?? 1;
  if (!Number.isInteger(threads) || threads < 1 || threads > 64) {
    throw new EdgecapError("option-invalid", `threads is ${threads}: give a whole number from 1 to 64.`);
  }
  const [{ where, manifest, files }] = await Promise.all([loadBundle(bundle, options.signal), textModule()]);
  throwIfAborted(options.signal);
  const vocabulary = Vocabulary.parse(new TextDecoder().decode(files.vocabulary));
  if (vocabulary.size !== manifest.decoder.vocabulary) {
    throw new EdgecapError(
      "bundle-shape-mismatch",
      `The bundle "${where}" disagrees with itself: its vocabulary has ${vocabulary.size} entries and its manifest says ${manifest.decoder.vocabulary}. Export the bundle again.`,
    );
  }
  await using sessions = new AsyncDisposableStack();
  const open = async (name: string, bytes: Uint8Array) =>
    sessions.use(await GraphSession.create(name, bytes, { threads }));
  const graphs: BundleGraphs = {
    encoder: await open("encoder", files.encoder),
    init: await open("decoder_init", files.decoderInit),
    step: await open("decoder_step", files.decoderStep),
  };
  checkShapes(where, manifest, graphs);
  throwIfAborted(options.signal);
  return new Captioner(manifest, graphs, vocabulary, sessions.move());
}

/**
 * Captions pictures with one loaded bundle; {@linkcode load} makes it.
 *
 * Calls may overlap: they are worked off one after another, as the graphs can only run once at a time.
 */
export class Captioner implements AsyncDisposable {
  /** What the bundle says of itself. */
  readonly manifest: Manifest;
  readonly #graphs: BundleGraphs;
  readonly #vocabulary: Vocabulary;
  readonly #resources: AsyncDisposableStack;
  #last: Promise<unknown> = Promise.resolve();

  /** Not for callers: use {@linkcode load}. */
  constructor(manifest: Manifest, graphs: BundleGraphs, vocabulary: Vocabulary, resources: AsyncDisposableStack) {
    this.manifest = manifest;
    this.#graphs = graphs;
    this.#vocabulary = vocabulary;
    this.#resources = resources;
  }

  /**
   * Captions one picture.
   *
   * @throws {EdgecapError} `image-*` where the picture cannot be read, `option-invalid`, `aborted`, or `graph-failed`.
   */
  async caption(image: ImageSource, options: CaptionOptions = {}): Promise<Caption> {
    const before = this.#last;
    const work = (async () => {
      await before.catch(() => {});
      return this.#captionNow(image, options);
    })();
    this.#last = work.catch(() => {});
    return work;
  }

  /**
   * Captions many pictures, in their order; the next is taken from the source when its turn comes.
   *
   * The first picture that fails ends it: catch errors a picture at a time with {@linkcode Captioner.caption}.
   */
  async *captionAll(
    images: Iterable<ImageSource> | AsyncIterable<ImageSource>,
    options: CaptionOptions = {},
  ): AsyncGenerator<Caption, void, undefined> {
    for await (const image of images) yield await this.caption(image, options);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#last;
    await this.#resources.disposeAsync();
  }

  async #captionNow(image: ImageSource, options: CaptionOptions): Promise<Caption> {
    const { search, count, signal } = resolveOptions(options, this.manifest);
    throwIfAborted(signal);
    const started = performance.now();
    const { size } = this.manifest.encoder;
    const { rgb } = await decodeImage(await bytesOf(image), { size });
    const pixels = { data: encoderInput(rgb), shape: [1, size, size, 3] };
    throwIfAborted(signal);
    const decoded = performance.now();
    const { grid } = await this.#graphs.encoder.run({ pixels });
    throwIfAborted(signal);
    const encoded = performance.now();
    const { prefix } = this.manifest.decoder;
    const decoder = { ...this.#graphs, ...(prefix !== undefined && { prefix }) };
    const found = await generate(decoder, grid!, { ...search, count, ...(signal && { signal }) });
    const generated = performance.now();
    const [best, ...others] = found.map((hypothesis) => ({
      hypothesis,
      words: this.#vocabulary.decode(hypothesis.tokens),
    }));
    return {
      caption: sentence(best!.words),
      logProbability: best!.hypothesis.logProbability,
      words: best!.words.map((text, i) => ({ text, logProbability: best!.hypothesis.wordLogProbabilities[i]! })),
      alternatives: others.map(({ hypothesis, words }) => ({
        caption: sentence(words),
        logProbability: hypothesis.logProbability,
      })),
      timing: { imageMs: decoded - started, encodeMs: encoded - decoded, generateMs: generated - encoded },
    };
  }
}

async function bytesOf(image: ImageSource): Promise<Uint8Array> {
  if (image instanceof Uint8Array) return image;
  return new Uint8Array(image instanceof Blob ? await image.arrayBuffer() : image);
}
