import type { JobOptions, ModelCard } from "../../pool/messages.ts";
import { checkedOptions } from "../caption_options.ts";
import type { JsonRequest, Photo } from "../photos.ts";
import { tooMany } from "../photos.ts";
import { Problem } from "../problem.ts";
import type { Captioning } from "../routes/captions.ts";
import { type Fill, fillOf, plainFill } from "./json_answer.ts";
import type { Note } from "./notes.ts";
import { type Prompt, readPrompt } from "./prompt.ts";

/** What the routes share that speak as other servers do. */
export interface Chatting extends Captioning {
  /** The model that captions, once a worker is up. */
  readonly model: () => ModelCard | undefined;
  /** When the server began. */
  readonly since: Date;
}

/** What a client asks, whatever shape it wrote it in. */
export interface Question {
  /** Pictures in base64, as data URLs, or by URL. */
  readonly pictures: readonly string[];
  /** What it says of them. */
  readonly prompt: string;
  /** Answers wanted. Default 1. */
  readonly count?: number | undefined;
  /** Most words of an answer; below 1 means any number. */
  readonly maxTokens?: number | undefined;
  readonly temperature?: number | undefined;
  readonly topP?: number | undefined;
  readonly topK?: number | undefined;
  readonly seed?: number | undefined;
  /** Least confidence of a sentence that is given, 0 to 1. */
  readonly minConfidence?: number | undefined;
  /** Whether the answer is JSON, and by which schema. */
  readonly json?: true | { readonly schema: unknown } | undefined;
  /** Whether the probabilities of the words that were not chosen are wanted. */
  readonly topLogprobs?: boolean | undefined;
}

/** What is to be done for a question. */
export interface Task {
  readonly photos: readonly Photo[];
  readonly form: Prompt["form"];
  /** Whether the shortest or the longest of several captions is wanted; there is one answer then. */
  readonly length: Prompt["length"];
  /** Makes JSON of a caption, if JSON is wanted. */
  readonly fill: Fill | undefined;
  /** Most words of an answer, if the client says how many. */
  readonly limit: number | undefined;
  /** Whether words can be told as they are decided; what has to wait for all is answered at once. */
  readonly aloud: boolean;
  readonly notes: readonly Note[];
}

/** So cool a draw takes the most probable word nearly always: the search finds the caption that is meant. */
const coolest = 0.2;

/** Captions among which the shortest or the longest is looked for. A limit of words would break off in the middle. */
const candidates = 8;

/** Longest caption of models that do not say theirs, in words. */
const usualMaxWords = 50;

/**
 * Reads the pictures of a question, and makes its wishes into options.
 *
 * @throws {Problem} `images-missing`, `images-too-many`, `option-invalid`, and what reading a picture throws.
 */
export async function taskOf(question: Question, body: JsonRequest, chatting: Chatting): Promise<Task> {
  const { pictures, json } = question;
  if (pictures.length === 0) {
    const message = "The message holds no picture, and this model can do nothing but describe one: add an image.";
    throw new Problem("images-missing", message);
  }
  if (pictures.length > chatting.limits.maxImages) throw tooMany(chatting.limits);
  if (typeof json === "object" && pictures.length > 1)
    throw new Problem("option-invalid", "A JSON schema is for one picture: send one a request.");
  const fill = json === undefined ? undefined : json === true ? plainFill : fillOf(json.schema);
  const prompt = readPrompt(question.prompt);
  const limit = question.maxTokens !== undefined && question.maxTokens >= 1 ? question.maxTokens : undefined;
  const options = checkedOptions(optionsOf(question, prompt, limit, chatting.model()));
  const bytes = await Promise.all(pictures.map((picture) => body.bytesOf(picture)));
  return {
    photos: bytes.map((one, place) => ({ name: `image[${place}]`, bytes: one, options })),
    form: prompt.form,
    length: prompt.length,
    fill,
    limit,
    aloud:
      prompt.form === "sentence" &&
      prompt.length === undefined &&
      fill === undefined &&
      options.minConfidence === undefined,
    notes: question.topLogprobs === true ? [...prompt.notes, "no-top-logprobs"] : prompt.notes,
  };
}

function optionsOf(
  { count = 1, temperature = 0, topP, topK, seed, minConfidence = 0, json }: Question,
  { form, length }: Prompt,
  limit: number | undefined,
  model: ModelCard | undefined,
): JobOptions {
  const usual = model?.maxWords ?? usualMaxWords;
  // A limit of tokens is not a wish for a longer caption.
  const most = Math.min(usual, limit ?? usual);
  const alternatives = length === undefined ? count - 1 : candidates - 1;
  const drawn = temperature > coolest;
  return {
    ...(alternatives > 0 && form === "sentence" && json === undefined && { alternatives }),
    ...(most !== usual && { maxWords: most }),
    ...(minConfidence > 0 && { minConfidence }),
    ...(drawn && { temperature }),
    ...(drawn && topP !== undefined && topP < 1 && { topP: Math.max(topP, Number.EPSILON) }),
    ...(drawn && topK !== undefined && topK > 0 && { topK: Math.min(topK, model?.vocabulary ?? topK) }),
    // The same draws for the same seed, whatever its sign.
    ...(drawn && seed !== undefined && { seed: Math.abs(seed) }),
  };
}
