import type { Static, TSchema } from "@sinclair/typebox";
import { Value, type ValueError } from "@sinclair/typebox/value";
import { Problem } from "../problem.ts";
import type { Piece } from "./answer.ts";

/** The parts of a conversation's message that are read. */
export interface Message {
  /** `user` if it is missing. */
  readonly role?: string;
  readonly content?: string | readonly MessagePart[];
}

/** A text, a picture, or something ignored. */
export interface MessagePart {
  readonly type: string;
  readonly text?: string;
  readonly image_url?: string | { readonly url: string };
  /** A file in the message itself, in the API of responses. */
  readonly file_data?: string;
  readonly filename?: string;
  /** The same in the API of chats. */
  readonly file?: { readonly file_data?: string; readonly filename?: string };
}

/** A word of an answer with its probability, as OpenAI's and Ollama's clients expect it. */
export interface TokenLogprob {
  readonly token: string;
  /** Natural logarithm of the probability. */
  readonly logprob: number;
  /** The token in UTF-8. */
  readonly bytes: readonly number[];
  /** The alternatives, which are unknown. */
  readonly top_logprobs: readonly never[];
}

/**
 * Checks a body against its schema. A null counts as left out, because many clients send nulls.
 *
 * @returns The body without its nulls.
 * @throws {Problem} `option-invalid`, naming the first property that is wrong.
 */
export function checkedBody<T extends TSchema>(schema: T, body: unknown): Static<T> {
  const cleaned = withoutNulls(body);
  const error = Value.Errors(schema, cleaned).First();
  if (error === undefined) return cleaned as Static<T>;
  const name = error.path.slice(1, 80).replaceAll("/", ".") || "The body";
  if (error.value === undefined) throw new Problem("option-invalid", `${name} is missing: add it.`);
  const value = JSON.stringify(error.value).slice(0, 60);
  throw new Problem("option-invalid", `${name} is ${value}: ${expected(error)}.`);
}

/** What a value should be; of several types, what they are. */
function expected({ message, schema }: ValueError): string {
  const { anyOf } = schema as { readonly anyOf?: readonly TSchema[] };
  if (anyOf === undefined) return message.toLowerCase();
  const kinds = anyOf.map((one) => ("const" in one ? JSON.stringify(one["const"]) : String(one["type"])));
  return `expected ${[...new Set(kinds)].join(" or ")}`;
}

function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (typeof value !== "object" || value === null) return value;
  const kept = Object.entries(value).filter(([, one]) => one !== null);
  return Object.fromEntries(kept.map(([name, one]) => [name, withoutNulls(one)]));
}

/** The part of a conversation that is used. */
export interface LastTurn {
  readonly pictures: string[];
  readonly prompt: string;
  /** The texts of system messages. Only a JSON schema is read in them. */
  readonly instructions: string;
  /** Types of the parts that are neither texts nor pictures. */
  readonly others: readonly string[];
}

/**
 * The pictures and the prompt of a conversation: the pictures of the last turn with any, and the texts of the last
 * turn. A turn is everything between two answers, since some programs send each picture in its own message.
 */
export function lastTurn(messages: readonly Message[]): LastTurn {
  let pictures: string[] = [];
  let texts: string[] = [];
  const instructions: string[] = [];
  const others = new Set<string>();
  let answered = false;
  let fresh: string[] = [];
  for (const { role = "user", content } of messages) {
    if (role === "assistant") answered = true;
    if (role === "system" || role === "developer") instructions.push(...textsOf(content));
    if (role !== "user") continue;
    if (answered) {
      answered = false;
      fresh = [];
      texts = [];
    }
    texts.push(...textsOf(content));
    for (const part of typeof content === "string" ? [] : (content ?? [])) {
      const picture = pictureOf(part);
      if (picture !== undefined) fresh.push(picture);
      else if (!isText(part)) others.add(part.type);
    }
    if (fresh.length > 0) pictures = fresh;
  }
  return { pictures, prompt: texts.join("\n"), instructions: instructions.join("\n"), others: [...others] };
}

/** The picture in a part, as a data URL, in base64 or by URL; `undefined` if it is something else. */
function pictureOf({ type, image_url: image, file, ...part }: MessagePart): string | undefined {
  if (type === "file" || type === "input_file") {
    const { file_data: data, filename = "" } = file ?? part;
    return data !== undefined && (/^data:image\//i.test(data) || pictureName.test(filename)) ? data : undefined;
  }
  if (type !== "image_url" && type !== "input_image") return undefined;
  const url = typeof image === "string" ? image : image?.url;
  if (url !== undefined) return url;
  throw new Problem("body-invalid", "A picture has no image_url: send one, because this server keeps no files by id.");
}

/** Names of files that may be pictures, also of those that cannot be read, so that an error says it. */
const pictureName = /\.(?:jpe?g|jfif|png|webp|gif|bmp|avif|hei[cf]|tiff?)$/i;

function isText({ type }: MessagePart): boolean {
  return type === "text" || type === "input_text";
}

function textsOf(content: Message["content"] = []): string[] {
  if (typeof content === "string") return [content];
  return content.flatMap((part) => (isText(part) ? [part.text ?? ""] : []));
}

/** The known probabilities of an answer's words. */
export function tokenLogprobs(pieces: readonly Piece[]): TokenLogprob[] {
  return pieces.flatMap(({ text, word }) =>
    word === undefined
      ? []
      : [{ token: text, logprob: word.logProbability, bytes: [...new TextEncoder().encode(text)], top_logprobs: [] }],
  );
}

/** Seconds since 1970, rounded down. */
export function unixSeconds(time: Date = new Date()): number {
  return Math.floor(time.getTime() / 1000);
}
