import type * as Transformers from "@huggingface/transformers";
import type { DecoderStep } from "../decode/search_captions.ts";
import { EdgecapError } from "../errors.ts";
import type { Library } from "./import_transformers.ts";

type Tensor = Transformers.Tensor;

/** The decoder of transformers.js for one picture, one token per beam at a time, with its cache of keys and values. */
export class Step {
  readonly #library: Library;
  readonly #model: Transformers.PreTrainedModel;
  /** The encoder's output for the picture, [1, positions, features]. */
  readonly #encoded: Tensor;
  /** Keys and values of the tokens so far by input name, [beams, heads, tokens, size]. */
  #cache: ReadonlyMap<string, Tensor> = new Map();
  #steps = 0;

  private constructor(library: Library, model: Transformers.PreTrainedModel, encoded: Tensor) {
    this.#library = library;
    this.#model = model;
    this.#encoded = encoded;
  }

  /** Runs the encoder. @param pixels [1, 3, height, width]. @throws {EdgecapError} `graph-failed`. */
  static async encode(library: Library, model: Transformers.PreTrainedModel, pixels: Tensor): Promise<Step> {
    const { sessions } = model;
    const output = await attempt("encoder", async () => sessions["model"].run({ pixel_values: pixels.ort_tensor }));
    return new Step(library, model, new library.Tensor(output["last_hidden_state"]));
  }

  /** The decoder for the same photo, from the first token on. */
  restarted(): Step {
    return new Step(this.#library, this.#model, this.#encoded);
  }

  /**
   * Feeds a token to each beam.
   *
   * @param tokens [beams].
   * @param parents The beams of the previous step that they continue, [beams].
   * @throws {EdgecapError} `graph-failed`.
   */
  async run(tokens: Int32Array, parents: Uint32Array): Promise<DecoderStep> {
    const beams = tokens.length;
    const past = new Map([...this.#cache].map(([name, tensor]) => [name, this.#rows(tensor, parents)]));
    const inputs = {
      encoder_outputs: this.#rows(this.#encoded, new Uint32Array(beams)),
      decoder_input_ids: this.#ints([...tokens], [beams, 1]),
      // Only some graphs have an input for a mask.
      ...(this.#model.sessions["decoder_model_merged"].inputNames.includes("attention_mask") && {
        decoder_attention_mask: this.#ints(new Array<number>(beams * (this.#steps + 1)).fill(1), [
          beams,
          this.#steps + 1,
        ]),
      }),
      past_key_values: past.size === 0 ? null : new this.#library.DynamicCache(Object.fromEntries(past)),
    };
    const output = await attempt("decoder", () => this.#model.forward(inputs));
    this.#keep(output, past);
    this.#steps++;
    return { logits: (output["logits"] as Tensor).to("float32").data as Float32Array };
  }

  #keep(output: Readonly<Record<string, Tensor>>, past: ReadonlyMap<string, Tensor>): void {
    const present = Object.entries(output).filter(([name]) => name.startsWith("present"));
    this.#cache = new Map(
      present.map(([name, tensor]) => {
        const input = name.replace("present", "past_key_values");
        // A merged graph returns the encoder's keys and values only in its first step.
        const constant = name.includes("encoder") ? past.get(input) : undefined;
        return [input, constant ?? tensor];
      }),
    );
  }

  /** Rows of a tensor along its first axis. */
  #rows(tensor: Tensor, rows: Uint32Array): Tensor {
    if (rows.length === tensor.dims[0] && rows.every((row, place) => row === place)) return tensor;
    const source = tensor.data as Float32Array;
    const length = source.length / tensor.dims[0]!;
    const data = new (source.constructor as Float32ArrayConstructor)(rows.length * length);
    for (const [place, row] of rows.entries()) {
      data.set(source.subarray(row * length, (row + 1) * length), place * length);
    }
    return new this.#library.Tensor(tensor.type, data, [rows.length, ...tensor.dims.slice(1)]);
  }

  #ints(values: readonly number[], shape: readonly number[]): Tensor {
    return new this.#library.Tensor("int64", BigInt64Array.from(values, BigInt), [...shape]);
  }
}

async function attempt<T>(graph: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    throw new EdgecapError("graph-failed", `The model's ${graph} failed: ${String(cause)}.`, { cause });
  }
}
