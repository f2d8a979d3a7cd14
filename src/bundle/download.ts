import { EdgecapError, throwIfAborted } from "../errors.ts";
import type { FileStore, PartialFile } from "../platform/file_store.ts";
import { fetchWithTimeout } from "./fetch_with_timeout.ts";
import { sha256Hex } from "./sha256.ts";
import { shownAddress } from "./web_folder.ts";

/** A file to download, with its expected hash and length. */
export interface WantedFile {
  readonly url: URL;
  /** Headers of each request. */
  readonly headers?: Readonly<Record<string, string>>;
  /** In lower-case hexadecimal. */
  readonly sha256: string;
  /** Length in bytes. */
  readonly bytes: number;
  /** Longest time without data from the server, in milliseconds. Default 30,000. */
  readonly silenceMs?: number | undefined;
}

/** Number of failed connections in a row that get no further than the ones before, after which a download gives up. */
const mostFailures = 4;

/**
 * Bytes that a connection must add to those of earlier ones to count as progress; otherwise a server could restart its
 * answer for ever.
 */
const leastProgress = 65_536;

/**
 * Gets a file from the store, or downloads it into the store. The download continues where an earlier
 * one was cut off, in this process or another, if the server supports ranges.
 *
 * @param onBytes Called with the number of bytes received so far.
 * @throws {EdgecapError} `bundle-file-missing` if the server has no such file or the connection does not hold,
 *   `bundle-hash-mismatch` if it sends another file.
 * @throws The signal's reason, if it is aborted.
 */
export async function download(
  wanted: WantedFile,
  store: FileStore,
  signal?: AbortSignal,
  onBytes: (loaded: number) => void = () => {},
): Promise<Uint8Array> {
  const { url, sha256, bytes: length } = wanted;
  const kept = await store.read(sha256);
  if (kept !== undefined) {
    if ((await sha256Hex(kept)) === sha256) return kept;
    await store.remove(sha256);
  }
  await using partial = await store.partial(sha256);
  const resumed = partial.size > 0;
  await fill(partial, wanted, signal, onBytes);
  let bytes = await partial.bytes();
  let found = await sha256Hex(bytes);
  if (found !== sha256 && resumed) {
    // The rest of an earlier download may be of a file that has changed since.
    await partial.restart();
    await fill(partial, wanted, signal, onBytes);
    bytes = await partial.bytes();
    found = await sha256Hex(bytes);
  }
  if (found !== sha256) {
    await partial.restart();
    throw new EdgecapError(
      "bundle-hash-mismatch",
      `"${shownAddress(url)}" is not the file that its manifest names (${bytes.length} bytes with SHA-256 ${found}; expected ${length} with ${sha256}): upload all files of the bundle again.`,
    );
  }
  await partial.finish();
  return bytes;
}

/** Reads until the file is complete. */
async function fill(
  partial: PartialFile,
  wanted: WantedFile,
  signal: AbortSignal | undefined,
  onBytes: (loaded: number) => void,
): Promise<void> {
  const { url, bytes: length } = wanted;
  if (partial.size > length) await partial.restart();
  let failures = 0;
  let furthest = partial.size;
  while (partial.size < length) {
    throwIfAborted(signal);
    try {
      await request(partial, wanted, signal, onBytes);
      if (partial.size < length) throw new Error(`the connection ended after ${partial.size} of ${length} bytes`);
    } catch (cause) {
      throwIfAborted(signal);
      // A server may restart its answer again and again, so the size alone does not show progress.
      failures = partial.size >= furthest + leastProgress ? 0 : failures + 1;
      furthest = Math.max(furthest, partial.size);
      if (cause instanceof EdgecapError || failures >= mostFailures) {
        throw cause instanceof EdgecapError
          ? cause
          : new EdgecapError(
              "bundle-file-missing",
              `Cannot download "${shownAddress(url)}": ${reason(cause, url)}. The part received so far is kept; try again to continue.`,
              { cause },
            );
      }
      await pause(100 * 2 ** failures, signal);
    }
  }
}

async function request(
  partial: PartialFile,
  wanted: WantedFile,
  signal: AbortSignal | undefined,
  onBytes: (loaded: number) => void,
): Promise<void> {
  const { url, bytes: length, silenceMs } = wanted;
  const headers = { ...wanted.headers, ...(partial.size > 0 && { range: `bytes=${partial.size}-` }) };
  using answer = await fetchWithTimeout(url, headers, signal, { silenceMs });
  const { response } = answer;
  if (response.status === 206) {
    const start = /^bytes (\d+)-/.exec(response.headers.get("content-range") ?? "")?.[1];
    // A range other than the requested one is useless.
    if (Number(start) !== partial.size) await partial.restart();
    if (Number(start ?? -1) !== partial.size) {
      return;
    }
  } else if (response.status === 416) {
    await partial.restart();
    return;
  } else if (!response.ok) {
    if (response.status >= 500 || response.status === 429) throw new Error(`the server answered ${response.status}`);
    throw new EdgecapError(
      "bundle-file-missing",
      `"${shownAddress(url)}" answered ${response.status}: upload all files of the bundle.`,
    );
  } else if (partial.size > 0) {
    // The server does not support ranges and sends the complete file.
    await partial.restart();
  }
  for await (const chunk of answer.chunks()) {
    await partial.append(chunk);
    if (partial.size > length) {
      const size = partial.size;
      await partial.restart();
      throw new EdgecapError(
        "bundle-hash-mismatch",
        `"${shownAddress(url)}" is longer (at least ${size} bytes) than its manifest says (${length}): upload all files of the bundle again.`,
      );
    }
    onBytes(partial.size);
  }
}

function pause(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    signal?.addEventListener(
      "abort",
      () => {
        clearTimeout(timer);
        resolve();
      },
      { once: true },
    );
  });
}

/** The reason for a failure, without the address, which some runtimes name in full in their errors. */
function reason(cause: unknown, url: URL): string {
  return String(cause).replaceAll(url.href, shownAddress(url));
}
