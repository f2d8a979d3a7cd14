import { abortable } from "../async/abortable.ts";
import { EdgecapError, throwIfAborted } from "../errors.ts";
import type { LocalFiles } from "../platform/local_files.ts";

/**
 * An encoded picture (JPEG, PNG, WebP, GIF or BMP), or where it is:
 *
 * - its bytes: a `Uint8Array` (or a Node `Buffer`), any other view, or an `ArrayBuffer`. They are not copied: leave
 *   them unchanged until the caption is ready;
 * - a `Blob` or `File`, or a `Response` whose body has not been read;
 * - a path, relative to the working folder unless it is absolute; in a browser an address relative to the page;
 * - an `http:`, `https:`, `data:` or `blob:` URL, as text or as a `URL`, which the runtime's `fetch` fetches;
 * - a `file:` URL, if there is a file system.
 *
 * A path or URL from somebody else can name any file and any address: check it first, or pass bytes.
 */
export type ImageSource = string | URL | Blob | Response | ArrayBuffer | ArrayBufferView;

/** Largest file or response to read, in bytes; the largest allowed picture is smaller, even as a BMP. */
const maxBytes = 512 * 2 ** 20;

/** The beginning of an address; `C:\photo.jpg` begins with a drive, and `a:b.jpg` is a file name. */
const scheme = /^(?:(?:https?|file|data|blob):|[a-z][a-z\d+.-]+:\/\/)/i;

/**
 * Whether a picture has to be fetched before its bytes can be read.
 *
 * @param files As {@linkcode bytesOf} takes it.
 */
export function isRemote(image: ImageSource, files: LocalFiles | undefined): boolean {
  if (image instanceof Response) return true;
  const address = addressOf(image, files);
  return address !== undefined && !isFile(address);
}

/**
 * The bytes of an encoded picture.
 *
 * @param files Reads files by their paths; `undefined` without a file system.
 * @throws {EdgecapError} `file-unreadable`, `image-too-large`, or `image-unsupported` if it is none of these.
 * @throws The signal's reason, if it is aborted.
 */
export async function bytesOf(
  image: ImageSource,
  files: LocalFiles | undefined,
  signal?: AbortSignal,
): Promise<Uint8Array> {
  throwIfAborted(signal);
  refuseDetached(image);
  if (image instanceof Uint8Array) return image;
  if (ArrayBuffer.isView(image)) return new Uint8Array(image.buffer, image.byteOffset, image.byteLength);
  // An ArrayBuffer of another realm, such as a frame or a test's sandbox, is not an instance of this one's class.
  if (Object.prototype.toString.call(image) === "[object ArrayBuffer]") return new Uint8Array(image as ArrayBuffer);
  if (image instanceof Blob) return bytesOfBlob(image, signal);
  if (image instanceof Response) return bytesOfResponse(image, image.url || "the response", signal);
  const address = addressOf(image, files);
  if (address !== undefined && !isFile(address)) return bytesAt(address, signal);
  if (address instanceof URL || typeof image === "string")
    return bytesOfFile(address ?? (image as string), files, signal);
  throw new EdgecapError(
    "image-unsupported",
    `The picture is ${nameOf(image)}: give its bytes, a Blob or Response, a path, or a URL.`,
  );
}

/** Refuses a buffer that was transferred: it has no bytes, and reading it would throw. */
function refuseDetached(image: ImageSource): void {
  const buffer: { readonly detached?: boolean } = ArrayBuffer.isView(image) ? image.buffer : (image as object);
  if (typeof image === "object" && image !== null && buffer.detached === true) {
    throw new EdgecapError("image-empty", "The picture is empty: its buffer was transferred, so it has no bytes here.");
  }
}

/** Where to fetch a picture from; `undefined` if it is a path or not an address at all. */
function addressOf(image: ImageSource, files: LocalFiles | undefined): URL | string | undefined {
  if (image instanceof URL) return image;
  if (typeof image !== "string") return undefined;
  if (!scheme.test(image)) return files === undefined ? image : undefined;
  if (!URL.canParse(image)) throw unreadable(shown(image), "it is not a valid URL");
  return new URL(image);
}

function isFile(url: URL | string): boolean {
  return url instanceof URL && url.protocol === "file:";
}

async function bytesAt(address: string | URL, signal: AbortSignal | undefined): Promise<Uint8Array> {
  const where = shown(String(address));
  let response: Response;
  try {
    response = await fetch(address, signal === undefined ? {} : { signal });
  } catch (cause) {
    throwIfAborted(signal);
    throw unreadable(where, cause);
  }
  return bytesOfResponse(response, where, signal);
}

async function bytesOfBlob(blob: Blob, signal: AbortSignal | undefined): Promise<Uint8Array> {
  const where = "name" in blob ? String(blob.name) : "the blob";
  if (blob.size > maxBytes) throw tooLarge(`"${where}"`, blob.size);
  try {
    return new Uint8Array(await abortable(blob.arrayBuffer(), signal));
  } catch (cause) {
    throwIfAborted(signal);
    throw unreadable(where, cause);
  }
}

async function bytesOfFile(
  file: string | URL,
  files: LocalFiles | undefined,
  signal: AbortSignal | undefined,
): Promise<Uint8Array> {
  const where = shown(String(file));
  let bytes: Uint8Array | number;
  try {
    if (files === undefined)
      throw new Error("a file cannot be read by its path here: give its bytes, a File, or an address to fetch");
    bytes = await files.readUpTo(file, maxBytes, signal);
  } catch (cause) {
    throwIfAborted(signal);
    throw unreadable(where, cause, whyNoFile(cause));
  }
  if (typeof bytes === "number") throw tooLarge(`"${where}"`, bytes);
  return bytes;
}

async function bytesOfResponse(
  response: Response,
  where: string,
  signal: AbortSignal | undefined,
): Promise<Uint8Array> {
  if (!response.ok) {
    await response.body?.cancel();
    throw unreadable(where, `the answer was ${`${response.status} ${response.statusText}`.trim()}`);
  }
  if (response.bodyUsed) throw unreadable(where, "its body has been read already");
  const declared = Number(response.headers.get("content-length") ?? 0);
  if (declared > maxBytes) {
    await response.body?.cancel();
    throw tooLarge(where, declared);
  }
  const chunks: Uint8Array[] = [];
  let length = 0;
  // Not `for await`, which not every browser supports for streams.
  const reader = response.body?.getReader();
  try {
    for (;;) {
      const chunk = reader && (await abortable(reader.read(), signal)).value;
      if (chunk === undefined) break;
      chunks.push(chunk);
      length += chunk.length;
      if (length > maxBytes) throw tooLarge(where, length);
    }
  } catch (cause) {
    reader?.cancel(cause).catch(() => {});
    throwIfAborted(signal);
    if (cause instanceof EdgecapError) throw cause;
    throw unreadable(where, cause);
  }
  const bytes = new Uint8Array(length);
  let place = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, place);
    place += chunk.length;
  }
  return bytes;
}

/** The reason why a path cannot be read, if the system's own message repeats the path or says little. */
function whyNoFile(cause: unknown): string | undefined {
  const { code, message } = cause as { readonly code?: unknown; readonly message?: unknown };
  if (code === "ENOENT") return "there is no such file";
  if (code === "EISDIR" || /\(os error 21\)/.test(String(message))) return "it is a folder";
  if (code === "ENAMETOOLONG" || /\(os error 36\)/.test(String(message)))
    return "it is too long for a path: give base64 as a data: URL, or the bytes";
  return undefined;
}

function unreadable(where: string, cause: unknown, known?: string): EdgecapError {
  const inner = cause instanceof Error ? cause.cause : undefined;
  // Node's message is just "fetch failed"; the reason is in the cause.
  const said = inner instanceof Error && inner.message !== "" ? inner : cause;
  const why = known ?? (said instanceof Error ? said.message : String(said));
  return new EdgecapError("file-unreadable", `Cannot read the picture "${where}": ${why.replace(/\.$/, "")}.`, {
    cause,
  });
}

function tooLarge(what: string, bytes: number): EdgecapError {
  return new EdgecapError(
    "image-too-large",
    `${what} is too large for a picture (${bytes} bytes; the limit is ${maxBytes}): scale it down.`,
  );
}

/** A path or an address for messages; a `data:` URL, or base64 in place of a path, can be megabytes long. */
function shown(address: string): string {
  return address.length > 200 ? `${address.slice(0, 200)}…` : address;
}

function nameOf(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  return typeof value === "object"
    ? `an object of ${value.constructor?.name ?? "no class"}`
    : `the ${typeof value} ${String(value)}`;
}
