import { Value } from "@sinclair/typebox/value";
import type { JobOptions } from "../pool/messages.ts";
import { decodeBase64 } from "./base64.ts";
import { type BodyLimits, readBody } from "./body.ts";
import type { BodyMemory, MemoryShare } from "./body_memory.ts";
import { checkedOptions, optionsOfTexts } from "./caption_options.ts";
import { type FormPart, formParts } from "./form_parts.ts";
import { fetchImage, type ImageUrlOptions } from "./image_url.ts";
import { parseJsonBody } from "./json_body.ts";
import { looksLikePhoto } from "./photo_signature.ts";
import { Problem } from "./problem.ts";
import { contextOf } from "./request_context.ts";
import { type ImageBody, imageBodySchema, inputsSchema } from "./schemas.ts";

/** A photo that a client wants captioned. */
export interface Photo {
  /** The file's name, its place in the request, or `-` for a bare body. */
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly options: JobOptions;
}

/** What a request may hold. */
export interface PhotoLimits {
  readonly body: BodyLimits;
  /** The memory that all requests together have for bodies and photos. */
  readonly memory: BodyMemory;
  readonly maxImages: number;
  /** How images are fetched by URL, where that is allowed. */
  readonly urls: ImageUrlOptions | undefined;
}

/** The photos of a request. */
export interface Photos {
  readonly photos: readonly Photo[];
  /** Whether the client sent a list, and wants one. */
  readonly list: boolean;
}

/**
 * Reads the photos and options of a request in any of its forms: a bare body, a form, or JSON.
 *
 * @throws {Problem}
 */
export async function readPhotos(request: Request, limits: PhotoLimits): Promise<Photos> {
  const type = mediaType(request);
  const query = optionsOfTexts(new URL(request.url).searchParams);
  const memory = shareOf(request, limits);
  const body = await readBody(request, limits.body, memory);
  if (type === "multipart/form-data")
    return photosOfForm(body, request.headers.get("content-type")!, query, limits, memory);
  if (type === "application/json")
    return photosOfJson(jsonOf(body, limits, memory), query, limits, memory, request.signal);
  if (!isPhotoType(type) && !looksLikePhoto(body)) throw typeUnsupported();
  return { photos: [{ name: "-", bytes: body, options: query }], list: false };
}

/**
 * Reads the photo of a request as Hugging Face's clients send it: a bare body, whatever its type, or JSON with `inputs`.
 *
 * @throws {Problem}
 */
export async function readInputs(request: Request, limits: PhotoLimits): Promise<Photo> {
  const memory = shareOf(request, limits);
  const body = await readBody(request, limits.body, memory);
  if (mediaType(request) !== "application/json") return { name: "-", bytes: body, options: {} };
  const json = jsonOf(body, limits, memory);
  if (!Value.Check(inputsSchema, json))
    throw new Problem("body-invalid", 'The JSON body has no image in "inputs": give it in base64, or send the bytes.');
  return { name: "-", bytes: await imageOf(json.inputs, limits, memory, request.signal), options: {} };
}

/** A JSON body, and the way to the pictures that it names. */
export interface JsonRequest {
  readonly json: unknown;
  /**
   * The bytes of a picture that the body gives in base64, as a data URL or, if its host is allowed, by URL.
   *
   * @throws {Problem}
   */
  readonly bytesOf: (text: string) => Promise<Uint8Array>;
}

/**
 * Reads a request whose body is JSON, whatever its type is said to be, within the limits of all photos.
 *
 * @throws {Problem}
 */
export async function readJson(request: Request, limits: PhotoLimits): Promise<JsonRequest> {
  const memory = shareOf(request, limits);
  const json = jsonOf(await readBody(request, limits.body, memory), limits, memory);
  return { json, bytesOf: (text) => imageOf(text, limits, memory, request.signal) };
}

/** The request's part of the memory, which goes back when the request ends. */
function shareOf(request: Request, { memory }: PhotoLimits): MemoryShare {
  const share = memory.share();
  contextOf(request).memory = share;
  return share;
}

function mediaType(request: Request): string {
  return (request.headers.get("content-type") ?? "").split(";")[0]!.trim().toLowerCase();
}

/** Of other types the bytes decide, as `curl --data-binary` says of everything that it is a form. */
function isPhotoType(type: string): boolean {
  return type === "" || type.startsWith("image/") || type === "application/octet-stream";
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

/** Most fields of a form besides its photos. */
const mostFields = 64;

function photosOfForm(
  body: Uint8Array<ArrayBuffer>,
  contentType: string,
  query: JobOptions,
  limits: PhotoLimits,
  memory: MemoryShare,
): Photos {
  const files: FormPart[] = [];
  const texts: [string, string][] = [];
  for (const part of formParts(body, contentType)) {
    if (isFile(part)) files.push(part);
    else texts.push([part.name, new TextDecoder().decode(part.bytes.subarray(0, longestField))]);
    if (files.length > limits.maxImages) throw tooMany(limits);
    if (texts.length > mostFields) throw new Problem("body-invalid", `The form has more than ${mostFields} fields.`);
  }
  if (files.length === 0) throw noImage();
  const options = merged(query, optionsOfTexts(texts));
  const photos = files.map(({ fileName, bytes }, place) => {
    // A thread is handed the whole memory that a view is of.
    memory.take(bytes.length);
    return { name: fileName || `image[${place}]`, bytes: bytes.slice(), options };
  });
  return { photos, list: files.length > 1 };
}

/** Bytes that are read of a field, more than any option has. */
const longestField = 1024;

/** Browsers name every file; some libraries give bytes a type alone, or neither. */
function isFile({ fileName, type, bytes }: FormPart): boolean {
  return fileName !== undefined || (type !== undefined && !type.startsWith("text/")) || looksLikePhoto(bytes);
}

async function photosOfJson(
  json: unknown,
  query: JobOptions,
  limits: PhotoLimits,
  memory: MemoryShare,
  signal: AbortSignal,
): Promise<Photos> {
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
  const photos = await Promise.all(
    images.map(async ({ text, options }, place) => ({
      name: list ? `image[${place}]` : "-",
      bytes: await imageOf(text, limits, memory, signal),
      options,
    })),
  );
  return { photos, list };
}

function checkedBody(item: unknown, limits: PhotoLimits): ImageBody {
  if (typeof item !== "object" || item === null || Array.isArray(item))
    throw new Problem("body-invalid", 'The JSON body is no object with "image", nor an array of such objects.');
  const { image, ...options } = item as Record<string, unknown>;
  if (image === undefined)
    throw new Problem("images-missing", 'The JSON body has no "image": give base64 or a data URL.');
  checkedOptions(options);
  if (Array.isArray(image) && image.length > limits.maxImages) throw tooMany(limits);
  if (!Value.Check(imageBodySchema.properties.image, image))
    throw new Problem("body-invalid", '"image" is no text, nor an array of texts: give base64 or a data URL.');
  return item as ImageBody;
}

function noImage(): Problem {
  return new Problem("images-missing", "The request holds no image: add a file.");
}

/** What a request is told that holds more pictures than the limits allow. */
export function tooMany({ maxImages }: PhotoLimits): Problem {
  return new Problem("images-too-many", `The request holds more than ${maxImages} images, the limit here: send fewer.`);
}

/** Options of the body before those of the query; together they have to make sense, too. */
function merged(query: JobOptions, own: JobOptions): JobOptions {
  return checkedOptions({ ...query, ...own });
}

function jsonOf(body: Uint8Array, { maxImages }: PhotoLimits, memory: MemoryShare): unknown {
  // The texts are held beside the bytes.
  memory.take(body.length);
  // Room for every option of every photo, and for what Hugging Face's clients send along.
  return parseJsonBody(body, 16_384 + 512 * maxImages);
}

async function imageOf(
  text: string,
  { urls, body }: PhotoLimits,
  memory: MemoryShare,
  signal: AbortSignal,
): Promise<Uint8Array> {
  if (/^https?:/i.test(text)) {
    if (urls === undefined)
      throw new Problem("url-forbidden", "This server fetches no images by URL: send the image itself.");
    return fetchImage(text, { ...urls, maxBytes: Math.min(urls.maxBytes, body.maxBytes) }, memory, signal);
  }
  const data = /^data:[^,]{0,200}?(;base64)?,/i.exec(text);
  if (data !== null && data[1] === undefined)
    throw new Problem("body-invalid", "The data URL is not in base64: encode the image in base64.");
  const image = decodeBase64(text, data?.[0].length ?? 0, memory.take);
  if (image === undefined) throw new Problem("body-invalid", "The image is not in base64, nor a data URL in base64.");
  return image;
}
