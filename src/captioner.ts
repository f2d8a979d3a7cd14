import { useAssets } from "#assets";
import { abortable } from "./abortable.ts";
import { type BundleSource, defaultBundle, type LoadProgress } from "./bundle/load_bundle.ts";
import type { Manifest } from "./bundle/manifest.ts";
import { type CaptionOptions, resolveOptions } from "./caption_options.ts";
import { captionStream } from "./caption_stream.ts";
import { type Concept, likelyConcepts } from "./concepts/likely_concepts.ts";
import { evidenceOf } from "./confidence/evidence.ts";
import { plainCaption } from "./confidence/plain_caption.ts";
import { type Generated, generate } from "./decode/generate.ts";
import type { DecidedWord, GeneratedCaption } from "./decode/search_captions.ts";
import type { CaptionEngine } from "./engine.ts";
import { EdgecapError, throwIfAborted } from "./errors.ts";
import { decodeImage } from "./image/decode.ts";
import { encoderInput } from "./image/encoder_input.ts";
import { bytesOf, type ImageSource, isRemote } from "./image_source.ts";
import { refuseUnknown } from "./known_options.ts";
import { OneAtATime } from "./one_at_a_time.ts";
import { type BackendChoice, type BackendName, backendNames } from "./runtime/backend.ts";
import { DeviceReplacedError } from "./runtime/device_replaced.ts";
import { freeAll } from "./runtime/tensors.ts";
import { type ModelShare, shareModel } from "./shared_model.ts";
import { sentence } from "./text/sentence.ts";

export type { LoadProgress } from "./bundle/load_bundle.ts";
export type { ImageSource } from "./image_source.ts";

/** One word of a caption. */
export interface CaptionWord {
  /** The word as the vocabulary has it: in lower case; endings such as "n't" are words of their own. */
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
  /** The sentence, in lower case, without a full stop. */
  readonly caption: string;
  /** Natural logarithm of its probability, the end included. */
  readonly logProbability: number;
}

/** How long each part took, in milliseconds. */
export interface CaptionTiming {
  /** Reading it, unless it was fetched, decoding and resizing it. */
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
  /** Its words in their order, with their probabilities. */
  readonly words: readonly CaptionWord[];
  /** The next best captions, best first; empty unless asked for. */
  readonly alternatives: readonly Alternative[];
  /**
   * What the picture shows, as everyday nouns of a probability of 0.5 or more, the likeliest first, at most 12; empty if
   * nothing is so likely, or if the bundle knows no nouns. They come from the picture, not from the sentence, so they can
   * be right if it is wrong.
   */
  readonly concepts: readonly Concept[];
  /**
   * The chance that the sentence is right, 0 to 1; docs/confidence.md says what right is. Absent if the bundle or the engine
   * cannot tell. It is fitted on the captions that the bundle recommends: of others, such as drawn ones, it is a guess.
   */
  readonly confidence?: number;
  /**
   * `unsure`: the sentence was less sure than `minConfidence`, and is left out with its words and alternatives. `caption` is
   * then a plain "a photo of …" with what is sure, or empty; `logProbability` and `confidence` are of the sentence left out.
   */
  readonly reason?: "unsure";
  /** How long each part took, without the wait for captions asked for before. */
  readonly timing: CaptionTiming;
}

/** What {@linkcode Captioner.stream} yields: the words one after another, then the whole result. */
export type CaptionEvent =
  | ({ readonly type: "word" } & CaptionWord)
  | { readonly type: "caption"; readonly caption: Caption };

/** What {@linkcode Captioner.captionAll} yields for a picture: its caption, or why it has none. */
export type CaptionedImage =
  | (Caption & {
      /** Place of the picture in the source, from 0. */
      readonly index: number;
      /** Not there: the picture has a caption. */
      readonly error?: undefined;
    })
  | {
      /** Place of the picture in the source, from 0. */
      readonly index: number;
      /** Why the picture has no caption: `image-*` or `file-unreadable`. */
      readonly error: EdgecapError;
      /** Not there: the picture could not be captioned. */
      readonly caption?: undefined;
    };

/** Options of {@linkcode load}. */
export interface LoadOptions {
  /**
   * A folder's path, a `file:`, `http:` or `https:` URL of a folder, or the bundle's files by name. Default: the bundle
   * that comes with edgecap.
   */
  readonly bundle?: BundleSource | undefined;
  /** Threads of one inference, 1 to 64. Default 1: more are slower where other work wants the cores. */
  readonly threads?: number;
  /**
   * What executes the graphs: `wasm`, always there; `webgpu`; `native`, by the package onnxruntime-node; or `auto`, the
   * fastest that gives the answer which the bundle stores. One given by name has to give that answer too. Default `auto`.
   */
  readonly backend?: BackendChoice;
  /**
   * The folder that `edgecap assets` wrote, if edgecap is bundled into another file: in a browser an address, seen from
   * the page; elsewhere a path or `file:` URL. A process has one. Default: in a browser `edgecap/` beside the script,
   * elsewhere the package itself.
   */
  readonly assets?: string | URL;
  /** Called as the bundle's files arrive, the last time with `loaded` equal to `total`. */
  readonly onProgress?: (progress: LoadProgress) => void;
  /** Ends the loading, downloads included: the call rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** Every option, which the compiler holds to be all of them. */
const loadNames: Readonly<Record<keyof LoadOptions, true>> = {
  bundle: true,
  threads: true,
  backend: true,
  assets: true,
  onProgress: true,
  signal: true,
};

/**
 * Loads a bundle. Captioners of the same bundle, threads and backend share its sessions; the last one closed frees them.
 *
 * @throws {EdgecapError} `bundle-*`, `graph-failed`, `backend-*`, `self-test-failed` or `option-invalid`.
 * @throws The signal's reason, if it is aborted, and what `onProgress` throws.
 */
export async function load(options: LoadOptions = {}): Promise<Captioner> {
  checkLoadOptions(options);
  const { threads = 1, backend = "auto", signal, onProgress } = options;
  const folder = options.assets === undefined ? undefined : useAssets(options.assets);
  const bundle = options.bundle ?? (folder === undefined ? defaultBundle : new URL("default/", folder));
  return new Captioner(await shareModel({ bundle, threads, backend, signal, onProgress }));
}

/**
 * Checks what all engines check.
 *
 * @throws {EdgecapError} `option-invalid`, quoting name, value and range, or naming an option that does not exist.
 */
export function checkLoadOptions(options: LoadOptions): void {
  refuseUnknown(options, Object.keys(loadNames), "load()");
  const { threads = 1, backend = "auto" } = options;
  if (!Number.isInteger(threads) || threads < 1 || threads > 64) {
    throw new EdgecapError("option-invalid", `threads is ${threads}: give a whole number from 1 to 64.`);
  }
  if (backend !== "auto" && !backendNames.includes(backend)) {
    throw new EdgecapError("option-invalid", `backend is "${backend}": give auto, ${backendNames.join(", ")}.`);
  }
}

/**
 * Captions pictures with one loaded bundle; {@linkcode load} makes it.
 *
 * Calls may overlap: they are worked off one after another, as the graphs can only run once at a time.
 */
export class Captioner implements CaptionEngine {
  /** What the bundle says of itself. */
  readonly manifest: Manifest;
  readonly #share: ModelShare;
  readonly #own = new OneAtATime();
  /** Pictures on their way from the web, for whose captions close() waits too. */
  readonly #fetching = new Set<Promise<unknown>>();
  #closed = false;

  /** Not for callers: use {@linkcode load}. */
  constructor(share: ModelShare) {
    this.manifest = share.model.manifest;
    this.#share = share;
  }

  /** The bundle's name. */
  get name(): string {
    return this.manifest.name;
  }

  /** What executes the graphs. */
  get backend(): BackendName {
    return this.#share.model.backend;
  }

  /**
   * Captions one picture.
   *
   * @throws {EdgecapError} `image-*` or `file-unreadable` where the picture cannot be read, `option-invalid`,
   *   `graph-failed`, or `backend-lost` where the graphics device is lost again after it was replaced.
   * @throws The signal's reason, at once, if it is aborted.
   */
  async caption(image: ImageSource, options: CaptionOptions = {}): Promise<Caption> {
    return this.#inTurn(image, options);
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
    yield* captionStream((onWord, signal) => this.#inTurn(image, { ...options, signal }, onWord), options.signal);
  }

  /**
   * Captions many pictures, in their order; the next is taken from the source when its turn comes.
   *
   * A picture that cannot be read has an `error` in the place of its caption, and the others go on. What would fail for
   * every picture, such as a wrong option, ends it.
   *
   * @throws What {@linkcode Captioner.caption} throws that is not the picture's fault, and what the source throws.
   */
  async *captionAll(
    images: Iterable<ImageSource> | AsyncIterable<ImageSource>,
    options: CaptionOptions = {},
  ): AsyncGenerator<CaptionedImage, void, undefined> {
    let index = 0;
    for await (const image of images) {
      let result: CaptionedImage;
      try {
        result = { index, ...(await this.caption(image, options)) };
      } catch (error) {
        if (!isPictures(error)) throw error;
        result = { index, error };
      }
      yield result;
      index++;
    }
  }

  /** Waits for the captions under way and frees what no other captioner shares; later captions are refused. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.allSettled(this.#fetching);
    await this.#own.idle();
    await this.#share[Symbol.asyncDispose]();
  }

  /** The same as {@linkcode Captioner.close}. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #inTurn(image: ImageSource, options: CaptionOptions, onWord?: (word: CaptionWord) => void): Promise<Caption> {
    const { signal } = resolveOptions(options, this.manifest);
    throwIfAborted(signal);
    if (this.#closed) {
      throw new EdgecapError("captioner-closed", `The captioner of "${this.name}" is closed: load the bundle again.`);
    }
    // Outside of the turn, as the web is slow and others wait.
    const source = isRemote(image) ? await this.#fetch(image, signal) : image;
    const work = () => this.#captionNow(source, options, onWord);
    return abortable(
      this.#own.run(() => this.#share.model.turns.run(work)),
      signal,
    );
  }

  async #fetch(image: ImageSource, signal: AbortSignal | undefined): Promise<Uint8Array> {
    const fetching = bytesOf(image, signal);
    this.#fetching.add(fetching);
    try {
      return await fetching;
    } finally {
      this.#fetching.delete(fetching);
    }
  }

  async #captionNow(
    image: ImageSource,
    options: CaptionOptions,
    onWord?: (word: CaptionWord) => void,
  ): Promise<Caption> {
    const { graphs, vocabulary, neighbours, concepts, required, repeats, pixels: room } = this.#share.model;
    const saysHowSure = this.manifest.confidence !== undefined;
    const { search, count, attention, maxPixels, minConfidence, signal } = resolveOptions(options, {
      ...this.manifest,
      saysHowSure,
    });
    // A word that was said cannot be taken back.
    const onSureWord = minConfidence > 0 ? undefined : onWord;
    throwIfAborted(signal);
    const started = performance.now();
    const { size } = this.manifest.encoder;
    const { rgb } = await decodeImage(await bytesOf(image, signal), { size, maxPixels });
    const pixels = { data: encoderInput(rgb, room), shape: [1, size, size, 3] };
    throwIfAborted(signal);
    const decoded = performance.now();
    const { prefix } = this.manifest.decoder;
    const decoder = { ...graphs, ...(prefix !== undefined && { prefix }) };
    let told = 0;
    let encoded = decoded;
    const inference = async (skip: number) => {
      const features = await graphs.encoder.runKeeping({ pixels });
      using _ = { [Symbol.dispose]: () => freeAll(Object.values(features)) };
      throwIfAborted(signal);
      encoded = performance.now();
      let place = 0;
      const onNext = (word: DecidedWord) => {
        if (place++ < skip) return;
        told++;
        onSureWord?.(captionWord(vocabulary.word(word.token)!, word));
      };
      return await generate(
        decoder,
        features["grid"]!,
        { ...search, ...repeats, count, attention, ...(onSureWord && { onWord: onNext }), ...(signal && { signal }) },
        neighbours,
        required,
      );
    };
    const found = await inference(0).catch((error: unknown) => {
      // What was computed so far is gone with the device; the words told already come again, and are not told twice.
      if (error instanceof DeviceReplacedError) return inference(told);
      throw error;
    });
    const generated = performance.now();
    const [best, ...others] = found.captions.map((hypothesis) => ({
      hypothesis,
      words: vocabulary.decode(hypothesis.tokens),
    }));
    const { logProbability } = best!.hypothesis;
    const confidence = this.#confidence(best!, found);
    const shown = concepts && found.concepts ? likelyConcepts(concepts, found.concepts) : [];
    const timing = { imageMs: decoded - started, encodeMs: encoded - decoded, generateMs: generated - encoded };
    const sureness = confidence === undefined ? {} : { confidence };
    if (confidence !== undefined && confidence < minConfidence) {
      const caption = plainCaption(shown, concepts ?? []);
      const nothing = { words: [], alternatives: [] };
      return { caption, logProbability, ...nothing, concepts: shown, ...sureness, reason: "unsure", timing };
    }
    const words = best!.words.map((text, i) => {
      const { wordLogProbabilities, attention: maps } = best!.hypothesis;
      return captionWord(text, { logProbability: wordLogProbabilities[i]!, ...(maps && { attention: maps[i]! }) });
    });
    if (onSureWord === undefined && onWord !== undefined) for (const word of words) onWord(word);
    return {
      caption: sentence(best!.words),
      logProbability,
      words,
      alternatives: others.map(({ hypothesis, words }) => ({
        caption: sentence(words),
        logProbability: hypothesis.logProbability,
      })),
      concepts: shown,
      ...sureness,
      timing,
    };
  }

  /** How likely the best caption is right, if the bundle can tell. */
  #confidence(
    { words, hypothesis }: { readonly words: readonly string[]; readonly hypothesis: GeneratedCaption },
    { concepts: probabilities, margin, agreement, likeness }: Generated,
  ): number | undefined {
    const { confidence, finder } = this.#share.model;
    const { logProbability, wordLogProbabilities } = hypothesis;
    const concepts = finder && probabilities && { finder, probabilities };
    const facts = { words, logProbability, wordLogProbabilities, margin, agreement, likeness, concepts };
    return confidence?.confidence(evidenceOf(facts));
  }
}

function captionWord(text: string, word: Pick<DecidedWord, "logProbability" | "attention">): CaptionWord {
  const { logProbability, attention } = word;
  return { text, logProbability, ...(attention && { attention: [...attention] }) };
}

/** Whether an error is about one picture, so that others may still be captioned. */
function isPictures(error: unknown): error is EdgecapError {
  return error instanceof EdgecapError && (error.code.startsWith("image-") || error.code === "file-unreadable");
}
