import { Value } from "@sinclair/typebox/value";
import type { JobOptions } from "../pool/messages.ts";
import { decodeBase64 } from "./base64.ts";
import { type BodyLimits, readBody } from "./body.ts";
import type { BodyMemory, MemoryShare } from "./body_memory.ts";
import { checkedOptions, optionsOfTexts } from "./caption_options.ts";
import { type FormPart, formParts } from "./form_parts.ts";
import { fetchImage, type ImageUrlOptions } from "./image_url.ts";
import { parseJsonBody } from "./json_body.ts";
import { looksLikePicture } from "./picture_signature.ts";
import { Problem } from "./problem.ts";
import { contextOf } from "./request_context.ts";
import { type ImageBody, imageBodySchema, inputsSchema } from "./schemas.ts";

/** A picture to caption. */
export interface Picture {
  /** The file's name, its position in the request, or `-` for a bare body. */
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly options: JobOptions;
}

/** Limits of a request. */
export interface PictureLimits {
  readonly body: BodyLimits;
  /** The memory budget of all requests together. */
  readonly memory: BodyMemory;
  readonly maxImages: number;
  /** How pictures are fetched by URL, if allowed. */
  readonly urls: ImageUrlOptions | undefined;
}

/** The pictures of a request. */
export interface Pictures {
  readonly pictures: readonly Picture[];
  /** Whether the client sent a list and expects one. */
  readonly list: boolean;
}

/**
 * Reads the pictures and options of a request in any of its forms: a bare body, a form, or JSON.
 *
 * @throws {Problem}
 */
export async function readPictures(request: Request, limits: PictureLimits): Promise<Pictures> {
  const declared = mediaType(request);
  const query = optionsOfTexts(new URL(request.url).searchParams);
  const memory = shareOf(request, limits);
  const body = await readBody(request, limits.body, memory);
  const bare = { pictures: [{ name: "-", bytes: body, options: query }], list: false };
  if (isSurelyPicture(body)) return bare;
  const type = isJson(declared, body) ? "application/json" : declared;
  if (type === "multipart/form-data")
    return picturesOfForm(body, request.headers.get("content-type")!, query, limits, memory);
  if (type === "application/json")
    return picturesOfJson(jsonOf(body, limits, memory), query, limits, memory, request.signal);
  if (!isPictureType(type) && !looksLikePicture(body)) throw typeUnsupported();
  return bare;
}

/**
 * Reads the picture of a request as Hugging Face's clients send it: a bare body, whatever its type, or JSON with
 * `inputs`.
 *
 * @throws {Problem}
 */
export async function readInputs(request: Request, limits: PictureLimits): Promise<Picture> {
  const memory = shareOf(request, limits);
  const body = await readBody(request, limits.body, memory);
  if (!isJson(mediaType(request), body) || isSurelyPicture(body)) return { name: "-", bytes: body, options: {} };
  const json = jsonOf(body, limits, memory);
  if (!Value.Check(inputsSchema, json))
    throw new Problem(
      "body-invalid",
      'The JSON body has no picture in "inputs": send it in base64 there, or send the bytes as the body.',
    );
  return { name: "-", bytes: await imageOf(json.inputs, limits, memory, request.signal), options: {} };
}

/** A JSON body, with a function that gets the pictures in it. */
export interface JsonRequest {
  readonly json: unknown;
  /**
   * The bytes of pictures given in base64, as data URLs or, if their host is allowed, by URL.
   *
   * @throws {Problem}
   */
  readonly bytesOf: (texts: readonly string[]) => Promise<Uint8Array[]>;
}

/**
 * Reads a request with a JSON body, whatever its declared type, within the limits for pictures.
 *
 * @throws {Problem}
 */
export async function readJson(request: Request, limits: PictureLimits): Promise<JsonRequest> {
  const memory = shareOf(request, limits);
  const json = jsonOf(await readBody(request, limits.body, memory), limits, memory);
  return { json, bytesOf: (texts) => imagesOf(texts, limits, memory, request.signal) };
}

/** The request's part of the memory, which is released when the request ends. */
function shareOf(request: Request, { memory }: PictureLimits): MemoryShare {
  const share = memory.share();
  contextOf(request).memory = share;
  return share;
}

function mediaType(request: Request): string {
  return (request.headers.get("content-type") ?? "").split(";")[0]!.trim().toLowerCase();
}

/**
 * Whether a body is JSON: by its type, or by its first byte, because `curl -d` declares JSON as a form, and many HTTP
 * libraries declare nothing. No picture begins like JSON, but what is declared as a picture or as plain bytes is not
 * read as anything else.
 */
function isJson(type: string, body: Uint8Array): boolean {
  if (type === "application/json" || type.endsWith("+json")) return true;
  if (type === "multipart/form-data" || (type !== "" && isPictureType(type))) return false;
  return /^(?:\xef\xbb\xbf)?\s*[{[]/.test(String.fromCharCode(...body.subarray(0, 16)));
}

/** For other types the bytes decide, because `curl --data-binary` declares everything as a form. */
function isPictureType(type: string): boolean {
  return type === "" || type.startsWith("image/") || type === "application/octet-stream";
}

/**
 * Whether a body is a picture although its type says JSON or a form, as from HTTPie, which sends every file as
 * JSON. It begins with a byte that neither JSON nor a form begins with.
 */
function isSurelyPicture(body: Uint8Array): boolean {
  return looksLikePicture(body) && !/^[\s{["-]/.test(String.fromCharCode(body[0]!));
}

function typeUnsupported(): Problem {
  const accepted = "image/*, application/octet-stream, multipart/form-data or application/json";
  return new Problem(
    "type-unsupported",
    `The body is not a picture, and its content type is not supported: send ${accepted}.`,
    {
      accept: "image/*, application/octet-stream, multipart/form-data, application/json",
    },
  );
}

/** Most fields of a form besides its pictures. */
const mostFields = 64;

function picturesOfForm(
  body: Uint8Array<ArrayBuffer>,
  contentType: string,
  query: JobOptions,
  limits: PictureLimits,
  memory: MemoryShare,
): Pictures {
  const files: FormPart[] = [];
  const texts: [string, string][] = [];
  for (const part of formParts(body, contentType)) {
    if (isFile(part)) files.push(part);
    else texts.push([part.name, new TextDecoder().decode(part.bytes.subarray(0, longestField))]);
    if (files.length > limits.maxImages) throw tooMany(limits);
    if (texts.length > mostFields)
      throw new Problem("body-invalid", `The form has more than ${mostFields} fields: send fewer.`);
  }
  if (files.length === 0) throw noImage();
  const options = merged(query, optionsOfTexts(texts));
  const pictures = files.map(({ fileName, bytes }, place) => {
    // A thread would receive all of the memory behind a view.
    memory.take(bytes.length);
    return { name: fileName || `image[${place}]`, bytes: bytes.slice(), options };
  });
  return { pictures, list: files.length > 1 };
}

/** Bytes to read from a field, more than any option has. */
const longestField = 1024;

/** Browsers name every file; some libraries send only a type for bytes, or neither. */
function isFile({ fileName, type, bytes }: FormPart): boolean {
  return fileName !== undefined || (type !== undefined && !type.startsWith("text/")) || looksLikePicture(bytes);
}

async function picturesOfJson(
  json: unknown,
  query: JobOptions,
  limits: PictureLimits,
  memory: MemoryShare,
  signal: AbortSignal,
): Promise<Pictures> {
  const items = Array.isArray(json) ? json : [json];
  if (items.length > limits.maxImages) throw tooMany(limits);
  const bodies = items.map((item) => checkedBody(item, limits));
  const images = bodies.flatMap(({ image, ...own }) => {
    const options = merged(query, checkedOptions(own));
    return (typeof image === "string" ? [image] : image).map((text) => ({ text, options }));
  });
  if (images.length === 0) throw noImage();
  if (images.length > limits.maxImages) throw tooMany(limits);
  const list = Array.isArray(json) || Array.isArray((json as ImageBody).image);
  const texts = images.map(({ text }) => text);
  const found = await imagesOf(texts, limits, memory, signal);
  const pictures = images.map(({ options }, place) => ({
    name: list ? `image[${place}]` : "-",
    bytes: found[place]!,
    options,
  }));
  return { pictures, list };
}

function checkedBody(item: unknown, limits: PictureLimits): ImageBody {
  if (typeof item !== "object" || item === null || Array.isArray(item))
    throw new Problem("body-invalid", 'The JSON body must be an object with "image", or an array of such objects.');
  const { image, ...options } = item as Record<string, unknown>;
  if (image === undefined)
    throw new Problem("images-missing", 'The JSON body has no "image": send base64 or a data URL.');
  checkedOptions(options);
  if (Array.isArray(image) && image.length > limits.maxImages) throw tooMany(limits);
  if (!Value.Check(imageBodySchema.properties.image, image))
    throw new Problem("body-invalid", '"image" must be a string or an array of strings: send base64 or a data URL.');
  return item as ImageBody;
}

function noImage(): Problem {
  return new Problem("images-missing", "The request contains no picture: add a file.");
}

/** The problem of a request with more pictures than allowed. */
export function tooMany({ maxImages }: PictureLimits): Problem {
  return new Problem(
    "images-too-many",
    `The request contains more than ${maxImages} pictures, the limit here: send fewer.`,
  );
}

/** Options of the body override those of the query; together they must be valid too. */
function merged(query: JobOptions, own: JobOptions): JobOptions {
  return checkedOptions({ ...query, ...own });
}

function jsonOf(body: Uint8Array, { maxImages }: PictureLimits, memory: MemoryShare): unknown {
  // The strings stay in memory beside the bytes.
  memory.take(body.length);
  // Room for every option of every picture, and for the extra fields of Hugging Face's clients.
  return parseJsonBody(body, 16_384 + 512 * maxImages);
}

/**
 * The bytes of several pictures. Once one fails, the others are given up: the request ends, and with it the account of
 * its memory, which a download would still use.
 */
async function imagesOf(
  texts: readonly string[],
  limits: PictureLimits,
  memory: MemoryShare,
  signal: AbortSignal,
): Promise<Uint8Array[]> {
  const failed = new AbortController();
  const either = AbortSignal.any([signal, failed.signal]);
  try {
    return await Promise.all(texts.map((text) => imageOf(text, limits, memory, either)));
  } catch (error) {
    failed.abort(error);
    throw error;
  }
}

async function imageOf(
  given: string,
  { urls, body }: PictureLimits,
  memory: MemoryShare,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const text = given.trim();
  if (/^https?:/i.test(text)) {
    if (urls === undefined)
      throw new Problem("url-forbidden", "This server does not fetch pictures by URL: send the picture itself.");
    return fetchImage(text, { ...urls, maxBytes: Math.min(urls.maxBytes, body.maxBytes) }, memory, signal);
  }
  // A parameter, such as a file's name, may contain a comma.
  const data = /^data:.*?; *base64 *,/is.exec(text.slice(0, longestHead));
  if (data === null && /^data:/i.test(text))
    throw new Problem("body-invalid", "The data URL is not in base64: encode the picture in base64.");
  const image =
    data !== null && text.includes("%")
      ? decodeBase64(unescaped(text.slice(data[0].length), memory), 0, memory.take)
      : decodeBase64(text, data?.[0].length ?? 0, memory.take);
  if (image === undefined)
    throw new Problem("body-invalid", "The picture is neither base64 nor a data URL in base64: encode it in base64.");
  return image;
}

/** Most characters of a data URL before its picture. */
const longestHead = 600;

/** The text behind the escapes of a data URL, as programs write it that escape every part of a URL. */
function unescaped(text: string, memory: MemoryShare): string {
  memory.take(text.length);
  try {
    return decodeURIComponent(text);
  } catch {
    // It has a "%" that begins no escape, and so is not base64 either.
    return text;
  }
}
