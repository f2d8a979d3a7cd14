import { Value } from "@sinclair/typebox/value";
import { type BodyLimits, readBody } from "./body.ts";
import { checkedOptions, optionsOfTexts } from "./caption_options.ts";
import { fetchImage, type ImageUrlOptions } from "./image_url.ts";
import type { JobOptions } from "./pool/messages.ts";
import { Problem } from "./problem.ts";
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
  const kind = kindOf(type);
  const query = optionsOfTexts(new URL(request.url).searchParams);
  const body = await readBody(request, limits.body);
  if (kind === "raw") return { photos: [{ name: "-", bytes: body, options: query }], list: false };
  if (kind === "form") return photosOfForm(body, request.headers.get("content-type")!, query, limits);
  return photosOfJson(jsonOf(body), query, limits, request.signal);
}

/**
 * Reads the photo of a request as Hugging Face's clients send it: a bare body, whatever its type, or JSON with `inputs`.
 *
 * @throws {Problem}
 */
export async function readInputs(request: Request, limits: PhotoLimits): Promise<Photo> {
  const body = await readBody(request, limits.body);
  if (mediaType(request) !== "application/json") return { name: "-", bytes: body, options: {} };
  const json = jsonOf(body);
  if (!Value.Check(inputsSchema, json))
    throw new Problem("body-invalid", 'The JSON body has no image in "inputs": give it in base64, or send the bytes.');
  return { name: "-", bytes: await imageOf(json.inputs, limits, request.signal), options: {} };
}

function mediaType(request: Request): string {
  return (request.headers.get("content-type") ?? "").split(";")[0]!.trim().toLowerCase();
}

function kindOf(type: string): "raw" | "form" | "json" {
  if (type === "" || type.startsWith("image/") || type === "application/octet-stream") return "raw";
  if (type === "multipart/form-data") return "form";
  if (type === "application/json") return "json";
  const accepted = "image/*, application/octet-stream, multipart/form-data or application/json";
  throw new Problem("type-unsupported", `Bodies of that content type are not read here: send ${accepted}.`, {
    accept: "image/*, application/octet-stream, multipart/form-data, application/json",
  });
}

async function photosOfForm(
  body: Uint8Array<ArrayBuffer>,
  contentType: string,
  query: JobOptions,
  limits: PhotoLimits,
): Promise<Photos> {
  const form = await new Response(body, { headers: { "content-type": contentType } }).formData().catch((cause) => {
    throw new Problem("body-invalid", "The form makes no sense: send it as multipart/form-data.", {}, { cause });
  });
  const files: File[] = [];
  const texts: [string, string][] = [];
  for (const [name, value] of form) {
    if (typeof value === "string") texts.push([name, value]);
    else files.push(value as unknown as File);
  }
  checkCount(files.length, limits);
  const options = merged(query, optionsOfTexts(texts));
  const photos = await Promise.all(
    files.map(async (file, place) => ({
      name: file.name || `image[${place}]`,
      bytes: new Uint8Array(await file.arrayBuffer()),
      options,
    })),
  );
  return { photos, list: files.length > 1 };
}

async function photosOfJson(
  json: unknown,
  query: JobOptions,
  limits: PhotoLimits,
  signal: AbortSignal,
): Promise<Photos> {
  const bodies = (Array.isArray(json) ? json : [json]).map((item) => checkedBody(item));
  const images = bodies.flatMap(({ image, ...own }) => {
    const options = merged(query, checkedOptions(own));
    return (typeof image === "string" ? [image] : image).map((text) => ({ text, options }));
  });
  checkCount(images.length, limits);
  const list = Array.isArray(json) || Array.isArray((json as ImageBody).image);
  const photos = await Promise.all(
    images.map(async ({ text, options }, place) => ({
      name: list ? `image[${place}]` : "-",
      bytes: await imageOf(text, limits, signal),
      options,
    })),
  );
  return { photos, list };
}

function checkedBody(item: unknown): ImageBody {
  if (typeof item !== "object" || item === null || Array.isArray(item))
    throw new Problem("body-invalid", 'The JSON body is no object with "image", nor an array of such objects.');
  const { image, ...options } = item as Record<string, unknown>;
  if (image === undefined)
    throw new Problem("images-missing", 'The JSON body has no "image": give base64 or a data URL.');
  checkedOptions(options);
  if (!Value.Check(imageBodySchema.properties.image, image))
    throw new Problem("body-invalid", '"image" is no text, nor an array of texts: give base64 or a data URL.');
  return item as ImageBody;
}

function checkCount(count: number, { maxImages }: PhotoLimits): void {
  if (count === 0) throw new Problem("images-missing", "The request holds no image: add a file.");
  if (count > maxImages)
    throw new Problem(
      "images-too-many",
      `The request holds ${count} images, and the limit is ${maxImages}: send fewer.`,
    );
}

/** Options of the body before those of the query; together they have to make sense, too. */
function merged(query: JobOptions, own: JobOptions): JobOptions {
  return checkedOptions({ ...query, ...own });
}

function jsonOf(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body));
  } catch (cause) {
    throw new Problem("body-invalid", "The body is no JSON.", {}, { cause });
  }
}

async function imageOf(text: string, { urls, body }: PhotoLimits, signal: AbortSignal): Promise<Uint8Array> {
  if (/^https?:/i.test(text)) {
    if (urls === undefined)
      throw new Problem("url-forbidden", "This server fetches no images by URL: send the image itself.");
    return fetchImage(text, { ...urls, maxBytes: Math.min(urls.maxBytes, body.maxBytes) }, signal);
  }
  const data = /^data:[^,]*?(;base64)?,/i.exec(text);
  if (data !== null && data[1] === undefined)
    throw new Problem("body-invalid", "The data URL is not in base64: encode the image in base64.");
  const base64 = text.slice(data?.[0].length ?? 0).replaceAll(/\s+/g, "");
  if (base64.length % 4 === 1 || !/^[A-Za-z0-9+/_-]*={0,2}$/.test(base64))
    throw new Problem("body-invalid", "The image is not in base64, nor a data URL in base64.");
  return new Uint8Array(Buffer.from(base64, "base64"));
}
