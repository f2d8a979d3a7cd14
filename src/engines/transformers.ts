import { readFile } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import type * as Transformers from "@huggingface/transformers";
import { localFiles } from "#files";
import { abortable } from "../async/abortable.ts";
import { OneAtATime } from "../async/one_at_a_time.ts";
import type { Caption, CaptionEvent, CaptionWord } from "../caption/caption.ts";
import type { CaptionEngine } from "../caption/engine.ts";
import { bytesOf, type ImageSource, isRemote } from "../caption/image_source.ts";
import { checkLoadOptions, type LoadOptions } from "../caption/load_options.ts";
import { type CaptionOptions, resolveOptions } from "../caption/options.ts";
import { captionStream } from "../caption/stream.ts";
import { wordStream } from "../caption/word_stream.ts";
import { type FoundCaption, fits, roomOf, writeCaption } from "../caption/write_caption.ts";
import { type GeneratedCaption, type GenerateOptions, searchCaptions } from "../decode/search_captions.ts";
import { captionsWithin } from "../decode/within_characters.ts";
import { EdgecapError, throwIfAborted } from "../errors.ts";
import { decodeImage } from "../image/decode.ts";
import type { PixelSize } from "../image/decode_by.ts";
import { textModule } from "../text/text_module.ts";
import { type GenerationSettings, generationSettings } from "./generation_settings.ts";
import { importTransformers, type Library } from "./import_transformers.ts";
import { modelFiles } from "./model_files.ts";
import { exactOptions } from "./session_options.ts";
import { Subwords } from "./subwords.ts";
import { Step } from "./transformers_step.ts";

/** Longer side of a picture that the processor crops or pads, in pixels: more than any such model reads. */
const longestSide = 2560;

/**
 * Loads a model of the type vision-encoder-decoder from a folder in the layout of transformers.js: `config.json`,
 * `tokenizer.json`, `preprocessor_config.json`, and in `onnx/` the graphs `encoder_model` and `decoder_model_merged`.
 * Nothing is downloaded.
 *
 * @param folder The model's folder.
 * @throws {EdgecapError} `bundle-missing` if there is no model or the package `@huggingface/transformers` is not
 *   installed, `bundle-file-missing`, `bundle-manifest-invalid` if it is of another type, `graph-failed`,
 *   `option-invalid`.
 * @throws The signal's reason, if it is aborted.
 */
export async function loadTransformers(folder: string, options: LoadOptions = {}): Promise<CaptionEngine> {
  checkLoadOptions(options);
  throwIfAborted(options.signal);
  const path = resolve(folder);
  const precisions = modelFiles(path);
  const [library, configText] = await Promise.all([
    importTransformers(folder),
    readFile(join(path, "config.json"), "utf8"),
  ]);
  await textModule();
  throwIfAborted(options.signal);
  const type = modelType(configText, folder);
  if (type !== "vision-encoder-decoder") {
    throw new EdgecapError(
      "bundle-manifest-invalid",
      `The model "${folder}" is of the type "${String(type)}": use a vision-encoder-decoder model.`,
    );
  }
  const exact = await exactOptions(precisions);
  const local = { local_files_only: true } as const;
  try {
    const [model, tokenizer, processor] = await Promise.all([
      library.VisionEncoderDecoderModel.from_pretrained(path, {
        ...local,
        dtype: { ...precisions },
        session_options: { ...exact, intraOpNumThreads: options.threads ?? 1 },
      }),
      library.AutoTokenizer.from_pretrained(path, local),
      library.AutoImageProcessor.from_pretrained(path, local),
    ]);
    return new TransformersEngine(basename(path), library, model, tokenizer, processor);
  } catch (cause) {
    throw new EdgecapError("graph-failed", `The model "${folder}" does not load: ${String(cause)}.`, { cause });
  }
}

/** A model's type, from its config.json. */
function modelType(text: string, folder: string): unknown {
  try {
    return (JSON.parse(text) as { readonly model_type?: unknown } | null)?.model_type;
  } catch (cause) {
    const why = `The config.json of the model "${folder}" is not JSON: copy all of its folder again.`;
    throw new EdgecapError("bundle-manifest-invalid", why, { cause });
  }
}

class TransformersEngine implements CaptionEngine {
  readonly name: string;
  readonly #library: Library;
  readonly #model: Transformers.PreTrainedModel;
  readonly #tokenizer: Transformers.PreTrainedTokenizer;
  readonly #processor: Transformers.ImageProcessor;
  readonly #settings: GenerationSettings;
  readonly #turns = new OneAtATime();
  #characters: Uint32Array | undefined;

  constructor(
    name: string,
    library: Library,
    model: Transformers.PreTrainedModel,
    tokenizer: Transformers.PreTrainedTokenizer,
    processor: Transformers.ImageProcessor,
  ) {
    this.name = name;
    this.#library = library;
    this.#model = model;
    this.#tokenizer = tokenizer;
    this.#processor = processor;
    this.#settings = generationSettings(model);
  }

  async caption(image: ImageSource, options: CaptionOptions = {}): Promise<Caption> {
    return this.#inTurn(image, options);
  }

  async *stream(image: ImageSource, options: CaptionOptions = {}): AsyncGenerator<CaptionEvent, void, undefined> {
    yield* captionStream((onWord, signal) => this.#inTurn(image, { ...options, signal }, onWord), options.signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#turns.idle();
    await this.#model.dispose();
  }

  async #inTurn(image: ImageSource, options: CaptionOptions, onWord?: (word: CaptionWord) => void): Promise<Caption> {
    const { generation, vocabulary } = this.#settings;
    const { signal } = resolveOptions(options, { generation, decoder: { vocabulary } });
    throwIfAborted(signal);
    const source = isRemote(image, localFiles) ? await bytesOf(image, localFiles, signal) : image;
    return abortable(
      this.#turns.run(() => this.#captionNow(source, options, onWord)),
      signal,
    );
  }

  async #captionNow(
    image: ImageSource,
    options: CaptionOptions,
    onWord?: (word: CaptionWord) => void,
  ): Promise<Caption> {
    const { generation, vocabulary, startId, endId, banned, minWords, noRepeatNgram } = this.#settings;
    const { search, count, attention, maxPixels, writing, signal } = resolveOptions(options, {
      generation,
      decoder: { vocabulary },
      givesConfidence: false,
    });
    throwIfAborted(signal);
    const started = performance.now();
    const pixels = await this.#pixels(await bytesOf(image, localFiles, signal), maxPixels);
    throwIfAborted(signal);
    const decoded = performance.now();
    const step = await Step.encode(this.#library, this.#model, pixels);
    throwIfAborted(signal);
    const encoded = performance.now();
    const stream = onWord && wordStream(onWord, writing);
    const streamed = new Subwords(this.#decode);
    const handOn = (ended: boolean) => {
      for (const word of streamed.take(ended)) stream?.add(word);
    };
    const foundOf = (hypothesis: GeneratedCaption): FoundCaption => {
      const { logProbability, finished } = hypothesis;
      return { words: Subwords.of(hypothesis, this.#decode).words, logProbability, finished };
    };
    const limit = writing.maxCharacters > 0 && {
      fits: (hypothesis: GeneratedCaption) => fits(foundOf(hypothesis), writing),
      room: () => ({ maxCharacters: roomOf(writing), characters: this.#charactersAdded() }),
    };
    const wanted: GenerateOptions = {
      ...search,
      minWords: Math.min(Math.max(minWords, search.minWords ?? 0), search.maxWords ?? minWords),
      noRepeatNgram,
      startId,
      endId,
      banned,
      count,
      attention,
      ...(stream &&
        !stream.waits && {
          onWord: ({ token, logProbability }) => {
            streamed.add(token, logProbability);
            handOn(false);
          },
        }),
      ...(signal && { signal }),
    };
    const found = await captionsWithin(limit || undefined, wanted, (asked) => {
      const run = step.restarted();
      return searchCaptions((tokens, parents) => run.run(tokens, parents), asked);
    });
    handOn(true);
    const timing = { imageMs: decoded - started, encodeMs: encoded - decoded, generateMs: performance.now() - encoded };
    const caption = writeCaption({ captions: found.map(foundOf), concepts: [], timing }, writing);
    stream?.end(caption.words);
    return caption;
  }

  /**
   * The fewest characters that each token adds to a caption: a part of a word has no blank before it, and neutral
   * words may shorten it.
   */
  #charactersAdded(): Uint32Array {
    this.#characters ??= Uint32Array.from({ length: this.#settings.vocabulary }, (_, id) => {
      const text = this.#decode([id]).replace(/^##/, "");
      return [...text].length;
    });
    return this.#characters;
  }

  /** The picture, prepared by the model's own processor, [1, 3, height, width]. */
  async #pixels(bytes: Uint8Array, maxPixels: number): Promise<Transformers.Tensor> {
    const config: Readonly<Record<string, unknown>> & { readonly size?: Partial<PixelSize> } = this.#processor.config;
    const { width = 0, height = 0 } = config.size ?? {};
    const squashes = config["do_resize"] !== false && width > 0 && height > 0;
    const keepsProportions = ["do_center_crop", "do_pad", "do_thumbnail", "do_crop_margin"].some(
      (step) => config[step],
    );
    // If the processor only squashes the picture, edgecap does that, with Pillow's filter, because such models were
    // trained with it.
    const size = squashes && !keepsProportions ? { width, height } : { atMost: longestSide };
    const { rgb, size: made } = await decodeImage(bytes, { size, maxPixels });
    const { pixel_values } = await this.#processor([
      new this.#library.RawImage(new Uint8ClampedArray(rgb), made.width, made.height, 3),
    ]);
    return pixel_values;
  }

  readonly #decode = (tokens: readonly number[]): string =>
    tokens.length === 0 ? "" : this.#tokenizer.decode([...tokens], { skip_special_tokens: true });
}
