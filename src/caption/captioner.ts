import { abortable } from "../async/abortable.ts";
import { OneAtATime } from "../async/one_at_a_time.ts";
import type { Manifest } from "../bundle/manifest.ts";
import { likelyConcepts } from "../concepts/likely_concepts.ts";
import { evidenceOf } from "../confidence/evidence.ts";
import { type Generated, generate } from "../decode/generate.ts";
import type { DecidedWord, GeneratedCaption } from "../decode/search_captions.ts";
import { EdgecapError, faultOf, throwIfAborted } from "../errors.ts";
import { encoderInput } from "../image/encoder_input.ts";
import type { OpenModel } from "../model/open_model.ts";
import type { LocalFiles } from "../platform/local_files.ts";
import type { BackendName } from "../runtime/backend.ts";
import { DeviceReplacedError } from "../runtime/device_replaced.ts";
import { freeAll } from "../runtime/tensors.ts";
import type { Caption, CaptionEvent, CaptionedImage, CaptionWord } from "./caption.ts";
import type { CaptionEngine } from "./engine.ts";
import { bytesOf, type ImageSource, isRemote } from "./image_source.ts";
import { type CaptionOptions, resolveOptions } from "./options.ts";
import { captionStream } from "./stream.ts";
import { wordStream } from "./word_stream.ts";
import { charactersAdded, type FoundCaption, fits, roomOf, writeCaption } from "./write_caption.ts";

/**
 * Captions pictures with one loaded bundle; `load` makes it.
 *
 * Calls may overlap; they run one after another, because a graph can run only once at a time.
 */
export class Captioner implements CaptionEngine {
  /** The manifest of the bundle. */
  readonly manifest: Manifest;
  readonly #share: OpenModel;
  readonly #files: LocalFiles | undefined;
  readonly #own = new OneAtATime();
  /** Pictures that are being fetched; close() waits for their captions too. */
  readonly #fetching = new Set<Promise<unknown>>();
  /** Results of {@linkcode Captioner.#charactersAdded}, by whether captions are neutral. */
  readonly #characters = new Map<boolean, Uint32Array>();
  #closed = false;

  /** Internal: use `load` instead. @param files Reads pictures by their paths; `undefined` without a file system. */
  constructor(share: OpenModel, files: LocalFiles | undefined) {
    this.manifest = share.model.manifest;
    this.#share = share;
    this.#files = files;
  }

  /** The bundle's name. */
  get name(): string {
    return this.manifest.name;
  }

  /** The backend that executes the graphs. */
  get backend(): BackendName {
    return this.#share.model.backend;
  }

  /**
   * Captions one picture.
   *
   * @throws {EdgecapError} `image-*` or `file-unreadable` if the picture cannot be read, `option-invalid`,
   *   `graph-failed`, or `backend-lost` if the graphics device is lost again after it was replaced.
   * @throws The signal's reason, at once, if it is aborted.
   * @example
   * ```ts
   * import { load } from "edgecap";
   *
   * await using captioner = await load();
   * const { caption, confidence, concepts } = await captioner.caption("examples/chelsea.jpg", { beams: 5 });
   * console.log(caption, confidence, concepts);
   * ```
   */
  async caption(image: ImageSource, options: CaptionOptions = {}): Promise<Caption> {
    return this.#inTurn(image, options);
  }

  /**
   * Captions one picture and yields every word as soon as it is decided: at once with one beam, and with several as
   * soon as all captions that can still win agree on it. The last event is the complete result.
   *
   * The work continues at its own pace, so a slow reader delays nobody; it stops if the reader leaves.
   *
   * @throws {EdgecapError} As {@linkcode Captioner.caption} does.
   * @example
   * ```ts
   * import { load } from "edgecap";
   *
   * await using captioner = await load();
   * for await (const event of captioner.stream("examples/chelsea.jpg", { beams: 1 })) {
   *   console.log(event.type === "word" ? event.text : event.caption.caption);
   * }
   * ```
   */
  async *stream(image: ImageSource, options: CaptionOptions = {}): AsyncGenerator<CaptionEvent, void, undefined> {
    yield* captionStream((onWord, signal) => this.#inTurn(image, { ...options, signal }, onWord), options.signal);
  }

  /**
   * Captions many pictures, in order. It takes the next picture from the source only when it is about to caption it.
   *
   * A picture that cannot be read has an `error` instead of a caption, and the others continue. An error that concerns
   * every picture, such as a wrong option, ends the loop.
   *
   * @throws What {@linkcode Captioner.caption} throws that is not the picture's fault, and what the source throws.
   * @example
   * ```ts
   * import { load } from "edgecap";
   *
   * await using captioner = await load();
   * const pictures = ["examples/coffee.jpg", "missing.jpg"];
   * for await (const { index, caption, error } of captioner.captionAll(pictures, { beams: 1 })) {
   *   console.log(pictures[index], caption ?? error?.code);
   * }
   * ```
   */
  async *captionAll(
    images: Iterable<ImageSource> | AsyncIterable<ImageSource>,
    options: CaptionOptions = {},
  ): AsyncGenerator<CaptionedImage, void, undefined> {
    refuseSingle(images);
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

  /**
   * Waits for running captions, then frees everything that no other captioner shares. A closed captioner refuses to
   * caption.
   */
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
    // Fetched before the turn, because the web is slow and other callers wait.
    const source = isRemote(image, this.#files) ? await this.#fetch(image, signal) : image;
    const work = () => this.#captionNow(source, options, onWord);
    return abortable(
      this.#own.run(() => this.#share.model.turns.run(work)),
      signal,
    );
  }

  async #fetch(image: ImageSource, signal: AbortSignal | undefined): Promise<Uint8Array> {
    const fetching = bytesOf(image, this.#files, signal);
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
    const { model } = this.#share;
    const { graphs, vocabulary, neighbours, concepts, required, repeats, pixels: room } = model;
    const givesConfidence = this.manifest.confidence !== undefined;
    const { search, count, attention, maxPixels, writing, signal } = resolveOptions(options, {
      ...this.manifest,
      givesConfidence,
    });
    const stream = onWord && wordStream(onWord, writing);
    throwIfAborted(signal);
    const started = performance.now();
    const { size } = this.manifest.encoder;
    const { rgb } = await model.decodeImage(await bytesOf(image, this.#files, signal), { size, maxPixels });
    const pixels = { data: encoderInput(rgb, room), shape: [1, size, size, 3] };
    throwIfAborted(signal);
    const decoded = performance.now();
    const { prefix } = this.manifest.decoder;
    const decoder = { ...graphs, ...(prefix !== undefined && { prefix }) };
    const wordsOf = ({ tokens, wordLogProbabilities, attention: maps }: GeneratedCaption): CaptionWord[] =>
      vocabulary.decode(tokens).map((text, i) => ({
        text,
        logProbability: wordLogProbabilities[i]!,
        ...(maps && { attention: [...maps[i]!] }),
      }));
    const foundOf = (hypothesis: GeneratedCaption): FoundCaption => {
      const { logProbability, finished } = hypothesis;
      return { words: wordsOf(hypothesis), logProbability, finished };
    };
    const limit = writing.maxCharacters > 0 && {
      fits: (hypothesis: GeneratedCaption) => fits(foundOf(hypothesis), writing),
      room: () => ({ maxCharacters: roomOf(writing), characters: this.#charactersAdded(writing.neutral) }),
    };
    let decided = 0;
    let encoded = decoded;
    const inference = async (skip: number) => {
      const features = await graphs.encoder.runKeeping({ pixels });
      using _ = { [Symbol.dispose]: () => freeAll(Object.values(features)) };
      throwIfAborted(signal);
      encoded = performance.now();
      let place = 0;
      const onNext = ({ token, logProbability, attention: map }: DecidedWord) => {
        if (place++ < skip) return;
        decided++;
        stream?.add({ text: vocabulary.word(token)!, logProbability, ...(map && { attention: [...map] }) });
      };
      return await generate(
        decoder,
        features["grid"]!,
        {
          ...search,
          ...repeats,
          count,
          attention,
          ...(stream && !stream.waits && { onWord: onNext }),
          ...(signal && { signal }),
        },
        neighbours,
        required,
        limit || undefined,
      );
    };
    const found = await inference(0).catch((error: unknown) => {
      // All results so far are lost with the device. Words that were already reported are found again, but not reported
      // twice.
      if (error instanceof DeviceReplacedError) return inference(decided);
      throw error;
    });
    const generated = performance.now();
    const captions = found.captions.map(foundOf);
    const caption = writeCaption(
      {
        captions,
        concepts: concepts && found.concepts ? likelyConcepts(concepts, found.concepts) : [],
        nouns: concepts,
        confidence: this.#confidence(found),
        timing: { imageMs: decoded - started, encodeMs: encoded - decoded, generateMs: generated - encoded },
      },
      writing,
    );
    stream?.end(caption.words);
    return caption;
  }

  /** The fewest characters that each word of the vocabulary adds to a caption. */
  #charactersAdded(neutral: boolean): Uint32Array {
    const { vocabulary } = this.#share.model;
    const known = this.#characters.get(neutral);
    const characters =
      known ??
      Uint32Array.from({ length: vocabulary.size }, (_, id) => charactersAdded(vocabulary.word(id)!, { neutral }));
    this.#characters.set(neutral, characters);
    return characters;
  }

  /** How likely the best caption is right, if the bundle can tell. */
  #confidence({ captions, concepts: probabilities, margin, agreement, likeness }: Generated): number | undefined {
    const { confidence, finder } = this.#share.model;
    const { tokens, logProbability, wordLogProbabilities } = captions[0]!;
    const words = this.#share.model.vocabulary.decode(tokens);
    const concepts = finder && probabilities && { finder, probabilities };
    const facts = { words, logProbability, wordLogProbabilities, margin, agreement, likeness, concepts };
    return confidence?.confidence(evidenceOf(facts));
  }
}

/** Whether an error concerns only one picture, so that others may still be captioned. */
function isPictures(error: unknown): error is EdgecapError {
  return error instanceof EdgecapError && faultOf(error.code) === "picture";
}

/** Refuses a single picture instead of a list: a path would be taken for a list of its letters. */
function refuseSingle(images: object | string): void {
  const isList = typeof images === "object" && images !== null && !ArrayBuffer.isView(images);
  if (isList && (Symbol.iterator in images || Symbol.asyncIterator in images)) return;
  throw new EdgecapError(
    "option-invalid",
    "captionAll() takes a list of pictures: put a single one in brackets, or give it to caption().",
  );
}
