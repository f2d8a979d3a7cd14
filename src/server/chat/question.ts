import type { JobOptions, ModelCard } from "../../pool/messages.ts";
import { checkedOptions } from "../caption_options.ts";
import type { JsonRequest, Picture } from "../pictures.ts";
import { tooMany } from "../pictures.ts";
import { Problem } from "../problem.ts";
import type { Captioning } from "../routes/captions.ts";
import { examplesInText, keysInText } from "./example_in_text.ts";
import { captionFillOf, type Fill, fillOf, isKnownKey, plainFill, schemaOfKeys } from "./json_answer.ts";
import type { Note } from "./notes.ts";
import { type Prompt, readPrompt } from "./prompt.ts";
import { longestText, schemaInText } from "./schema_in_text.ts";
import type { Call } from "./tool_call.ts";

/** Everything that the routes for other servers' APIs share. */
export interface Chatting extends Captioning {
  /** The model, once a worker is ready. */
  readonly model: () => ModelCard | undefined;
  /** When the server began. */
  readonly since: Date;
}

/** A client's question, independent of its format. */
export interface Question {
  /** Pictures in base64, as data URLs, or by URL. */
  readonly pictures: readonly string[];
  /** The client's prompt. */
  readonly prompt: string;
  /** Types of the messages' parts that are neither texts nor pictures. */
  readonly others?: readonly string[] | undefined;
  /** Texts of the client's system messages. Only a JSON schema is read in them. */
  readonly instructions?: string | undefined;
  /** Number of answers. Default 1. */
  readonly count?: number | undefined;
  /** Most words per answer; below 1 means no limit. */
  readonly maxTokens?: number | undefined;
  readonly temperature?: number | undefined;
  readonly topP?: number | undefined;
  readonly topK?: number | undefined;
  readonly seed?: number | undefined;
  /** Least confidence that a sentence needs, 0 to 1. */
  readonly minConfidence?: number | undefined;
  /** Most characters of a sentence. */
  readonly maxCharacters?: number | undefined;
  /** Whether the sentence says "person" instead of "man" and "woman". */
  readonly neutral?: boolean | undefined;
  /** Whether the sentence has a capital letter and a full stop. */
  readonly sentence?: boolean | undefined;
  /** Whether the answer is JSON, and its schema. */
  readonly json?: true | { readonly schema: unknown } | undefined;
  /** The calls of functions that the answer consists of. */
  readonly calls?: readonly Call[] | undefined;
  /** Whether the client offers functions, but none is called. */
  readonly toolsUnused?: boolean | undefined;
  /** Whether the client asks for the probabilities of words that were not chosen. */
  readonly topLogprobs?: boolean | undefined;
  /** Whether clients test the connection with a greeting, without a picture. */
  readonly greetings?: boolean | undefined;
}

/** The task that a question asks for. */
export interface Task {
  readonly pictures: readonly Picture[];
  readonly form: Prompt["form"];
  /** Whether to give the shortest or the longest of several captions, as the only answer. */
  readonly length: Prompt["length"];
  /** Formats a caption as JSON, if requested; several if several functions are called. */
  readonly fills: readonly Fill[];
  /** Most words of an answer, if the client sets a limit. */
  readonly limit: number | undefined;
  /** Whether words can be sent as they are decided; otherwise the answer is sent at once. */
  readonly aloud: boolean;
  readonly notes: readonly Note[];
  /** The reply to a greeting without a picture. */
  readonly reply?: string;
}

/** The message with which LLM Vision tests a connection. Every other text without a picture is refused. */
const greeting = /^\s*hi[\s.!?]*$/i;

/** At such a low temperature sampling nearly always takes the most probable word, so the search is used instead. */
const coolest = 0.2;

/** Number of captions to choose the shortest or longest from. A word limit would cut them in the middle. */
const candidates = 8;

/** Longest caption of models that do not state one, in words. */
const usualMaxWords = 50;

/**
 * Reads the pictures of a question, and turns its requests into options.
 *
 * @throws {Problem} `images-missing`, `images-too-many`, `option-invalid`, and what reading a picture throws.
 */
export async function taskOf(question: Question, body: JsonRequest, chatting: Chatting): Promise<Task> {
  const { pictures, json, calls = [] } = question;
  if (pictures.length === 0) {
    if (question.greetings === true && json === undefined && calls.length === 0 && greeting.test(question.prompt))
      return replyTo(question.maxTokens);
    throw noPicture(question.others ?? []);
  }
  if (pictures.length > chatting.limits.maxImages) throw tooMany(chatting.limits);
  if ((typeof json === "object" || calls.length > 0) && pictures.length > 1)
    throw new Problem(
      "option-invalid",
      "A JSON schema works with a single picture only: send one picture per request.",
    );
  const { fills, found } = fillsOf(question);
  // Only where a schema is looked for: in a prompt of megabytes, the search for a long one could take seconds.
  const begin = question.prompt.slice(0, 2 * longestText);
  const prompt = readPrompt(found === undefined ? begin : begin.replace(found.written, ""));
  const limit = question.maxTokens !== undefined && question.maxTokens >= 1 ? question.maxTokens : undefined;
  const options = checkedOptions(optionsOf(question, prompt, limit, fills, chatting.model()));
  const bytes = await body.bytesOf(pictures);
  return {
    pictures: bytes.map((one, place) => ({ name: `image[${place}]`, bytes: one, options })),
    form: prompt.form,
    length: prompt.length,
    fills,
    limit,
    aloud:
      prompt.form === "sentence" &&
      prompt.length === undefined &&
      fills.length === 0 &&
      !isWrittenAtTheEnd({ ...chatting.defaults, ...options }),
    notes: [
      ...prompt.notes.filter((note) => found === undefined || note !== "prompt-ignored"),
      ...(found === undefined ? [] : [found.note]),
      ...(question.topLogprobs === true ? (["no-top-logprobs"] as const) : []),
      ...(question.toolsUnused === true ? (["no-tool-call"] as const) : []),
    ],
  };
}

/** The text of a question that says how its answer is formatted. */
interface Found {
  readonly written: string;
  readonly note: Note;
}

/**
 * How to format the answer to a question as JSON, and what in its texts says so. Some libraries write a schema into a
 * message, and at most ask for JSON besides; people's prompts show an example, or name the keys.
 *
 * @throws {Problem} `option-invalid` if the client asks for JSON, and the schema cannot be filled in.
 */
function fillsOf({ pictures, prompt, instructions = "", json, calls = [] }: Question): {
  readonly fills: readonly Fill[];
  readonly found?: Found | undefined;
} {
  if (calls.length > 0) return { fills: calls.map(({ fill }) => fill) };
  if (typeof json === "object") return { fills: [fillOf(json.schema)] };
  const fallback = { fills: json === true ? [plainFill] : [] };
  if (pictures.length !== 1) return fallback;
  const text = `${instructions}\n${prompt}`;
  const schema = schemaInText(text);
  if (schema === undefined)
    return (json === true || /\bjson\b/i.test(text) ? exampleFill(text) : undefined) ?? fallback;
  const found: Found = { written: schema.written, note: "json-schema" };
  if (json === true) return { fills: [fillOf(schema.schema)], found };
  const fill = captionFillOf(schema.schema);
  return fill === undefined ? { fills: [] } : { fills: [fill], found };
}

/** How the first example of JSON in a text is filled in that asks for a caption or labels, or else the named keys. */
function exampleFill(text: string): { readonly fills: readonly Fill[]; readonly found: Found } | undefined {
  for (const { schema, written } of examplesInText(text)) {
    const fill = captionFillOf(schema);
    if (fill !== undefined) return { fills: [fill], found: { written, note: "json-example" } };
  }
  const fill = captionFillOf(schemaOfKeys(keysInText(text, isKnownKey))) ?? listFill(text);
  return fill === undefined ? undefined : { fills: [fill], found: { written: "", note: "json-example" } };
}

/** How a list of nouns is formatted that a text asks for as JSON. */
function listFill(text: string): Fill | undefined {
  const wanted = /\bjson (?:array|list) of (?:[\w-]+ ){0,3}(?:tags|keywords|labels|nouns|objects)\b/i.test(text);
  return wanted ? ({ concepts }) => concepts.map(({ name }) => name) : undefined;
}

function noPicture(others: readonly string[]): Problem {
  const [other] = others;
  const read = `Parts of type ${JSON.stringify(other?.slice(0, 40))} are not read: send pictures as "image_url" or "input_image".`;
  const message = "The message contains no picture, and this model can only describe pictures: add one.";
  return new Problem("images-missing", other === undefined ? message : `${message} ${read}`);
}

/** Answers a greeting by asking for a picture, in at most as many words as the client allows. */
function replyTo(limit: number | undefined): Task {
  const reply = "Send a picture, and I describe it in a sentence.";
  return {
    pictures: [],
    form: "sentence",
    length: undefined,
    fills: [],
    limit,
    aloud: false,
    notes: ["no-picture"],
    reply,
  };
}

/** Whether a caption's text is only known once the search has ended. */
function isWrittenAtTheEnd({ minConfidence = 0, maxCharacters, neutral, sentence }: JobOptions): boolean {
  return minConfidence > 0 || maxCharacters !== undefined || neutral === true || sentence === true;
}

function optionsOf(
  { count = 1, temperature = 0, topP, topK, seed, minConfidence = 0, ...question }: Question,
  { form, length, ...prompt }: Prompt,
  limit: number | undefined,
  fills: readonly Fill[],
  model: ModelCard | undefined,
): JobOptions {
  const usual = model?.maxWords ?? usualMaxWords;
  // A token limit is not a request for a longer caption.
  const most = Math.min(usual, limit ?? usual);
  const alternatives = length === undefined ? count - 1 : candidates - 1;
  const drawn = temperature > coolest;
  const asked = [question.maxCharacters ?? prompt.maxCharacters, ...fills.map((fill) => fill.maxCharacters)];
  const limits = asked.filter((one) => one !== undefined);
  const maxCharacters = limits.length === 0 ? undefined : Math.min(...limits);
  const neutral = question.neutral ?? prompt.neutral;
  return {
    ...(alternatives > 0 && form === "sentence" && fills.length === 0 && { alternatives }),
    ...(most !== usual && { maxWords: most }),
    ...(minConfidence > 0 && { minConfidence }),
    ...(maxCharacters !== undefined && { maxCharacters }),
    ...(neutral !== undefined && { neutral }),
    ...(question.sentence !== undefined && { sentence: question.sentence }),
    ...(drawn && { temperature }),
    ...(drawn && topP !== undefined && topP < 1 && { topP: Math.max(topP, Number.EPSILON) }),
    ...(drawn && topK !== undefined && topK > 0 && { topK: Math.min(topK, model?.vocabulary ?? topK) }),
    // The same seed gives the same words, whatever its sign.
    ...(drawn && seed !== undefined && { seed: Math.abs(seed) % 2 ** 53 }),
  };
}
