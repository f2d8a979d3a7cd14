import { type BundleGraphs, checkShapes } from "./bundle/check_shapes.ts";
import { type BundleSource, defaultBundle, loadBundle } from "./bundle/load_bundle.ts";
import type { Manifest } from "./bundle/manifest.ts";
import { type CaptionOptions, resolveOptions } from "./caption_options.ts";
import { captionStream } from "./caption_stream.ts";
import { generate } from "./decode/generate.ts";
import type { DecidedWord } from "./decode/search_captions.ts";
import type { CaptionEngine } from "./engine.ts";
import { EdgecapError, throwIfAborted } from "./errors.ts";
import { decodeImage } from "./image/decode.ts";
import { encoderInput } from "./image/encoder_input.ts";
import { OneAtATime } from "./one_at_a_time.ts";
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
  /**
   * Where the model looked for it: shares with the sum 1 of the regions of the picture as it was squashed to a square,
   * row by row from the top left (49 numbers for 7 x 7). Only where `attention` was asked for.
   */
  readonly attention?: readonly number[];
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

/** What {@linkcode Captioner.stream} yields: the words one after another, then the whole result. */
export type CaptionEvent =
  | ({ readonly type: "word" } & CaptionWord)
  | { readonly type: "caption"; readonly caption: Caption };

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
export class Captioner implements CaptionEngine {
  /** What the bundle says of itself. */
  readonly manifest: Manifest;
  readonly #graphs: BundleGraphs;
  readonly #vocabulary: Vocabulary;
  readonly #resources: AsyncDisposableStack;
  readonly #turns = new OneAtATime();

  /** Not for callers: use {@linkcode load}. */
  constructor(manifest: Manifest, graphs: BundleGraphs, vocabulary: Vocabulary, resources: AsyncDisposableStack) {
    this.manifest = manifest;
    this.#graphs = graphs;
    this.#vocabulary = vocabulary;
    this.#resources = resources;
  }

  /** The bundle's name. */
  get name(): string {
    return this.manifest.name;
  }

  /**
   * Captions one picture.
   *
   * @throws {EdgecapError} `image-*` where the picture cannot be read, `option-invalid`, `aborted`, or `graph-failed`.
   */
  async caption(image: ImageSource, options: CaptionOptions = {}): Promise<Caption> {
    return this.#turns.run(() => this.#captionNow(image, options));
  }

  /**
   * Captions one picture and yields every word as soon as it is decided: at once with one beam, and with several as
   * soon as no caption that can still win has another word in its place. The last event is the whole result.
   *
   * The work goes on at its own pace, so that a slow reader holds up nobody; it stops where the reader leaves.
   *
   * @throws {EdgecapError} As {@linkcode Captioner.caption} does.
   */
  async *stream(image: ImageSource, options: CaptionOptions = {}): AsyncGenerator<CaptionEvent, void, undefined> {
    yield* captionStream(
      (onWord, signal) => this.#turns.run(() => this.#captionNow(image, { ...options, signal }, onWord)),
      options.signal,
    );
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
    await this.#turns.idle();
    await this.#resources.disposeAsync();
  }

  async #captionNow(
    image: ImageSource,
    options: CaptionOptions,
    onWord?: (word: CaptionWord) => void,
  ): Promise<Caption> {
    const { search, count, attention, signal } = resolveOptions(options, this.manifest);
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
    const found = await generate(decoder, grid!, {
      ...search,
      count,
      attention,
      ...(onWord && { onWord: (word) => onWord(captionWord(this.#vocabulary.word(word.token)!, word)) }),
      ...(signal && { signal }),
    });
    const generated = performance.now();
    const [best, ...others] = found.map((hypothesis) => ({
      hypothesis,
      words: this.#vocabulary.decode(hypothesis.tokens),
    }));
    return {
      caption: sentence(best!.words),
      logProbability: best!.hypothesis.logProbability,
      words: best!.words.map((text, i) => {
        const { wordLogProbabilities, attention: maps } = best!.hypothesis;
        return captionWord(text, { logProbability: wordLogProbabilities[i]!, ...(maps && { attention: maps[i]! }) });
      }),
      alternatives: others.map(({ hypothesis, words }) => ({
        caption: sentence(words),
        logProbability: hypothesis.logProbability,
      })),
      timing: { imageMs: decoded - started, encodeMs: encoded - decoded, generateMs: generated - encoded },
    };
  }
}

function captionWord(text: string, word: Pick<DecidedWord, "logProbability" | "attention">): CaptionWord {
  const { logProbability, attention } = word;
  return { text, logProbability, ...(attention && { attention: [...attention] }) };
}

/** The bytes of an encoded picture. */
export async function bytesOf(image: ImageSource): Promise<Uint8Array> {
  if (image instanceof Uint8Array) return image;
  return new Uint8Array(image instanceof Blob ? await image.arrayBuffer() : image);
}
