import { EdgecapError, throwIfAborted } from "../errors.ts";
import type { FileStore, PartialFile } from "../platform/file_store.ts";
import { fetchPatiently } from "./fetch_patiently.ts";
import { sha256Hex } from "./sha256.ts";

/** A file to download, and how to tell that it is the right one. */
export interface WantedFile {
  readonly url: URL;
  /** In lower-case hexadecimal. */
  readonly sha256: string;
  /** Length in bytes. */
  readonly bytes: number;
  /** Longest silence of the server, in milliseconds. Default 30,000. */
  readonly silenceMs?: number | undefined;
}

// Cut connections in a row, without a byte between them, after which a download is given up.
const patience = 4;

/**
 * Gets a file from the store, or downloads it into the store: piece by piece as it comes, going on where an earlier
 * download was cut off, in this process or another, if the server knows ranges.
 *
 * @param onBytes Called with the bytes that are there, as they come.
 * @throws {EdgecapError} `bundle-file-missing` where the server has no such file or the connection does not hold,
 *   `bundle-hash-mismatch` where it sends another file.
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
    // What was left of an earlier download may have been of a file that has changed since.
    await partial.restart();
    await fill(partial, wanted, signal, onBytes);
    bytes = await partial.bytes();
    found = await sha256Hex(bytes);
  }
  if (found !== sha256) {
    await partial.restart();
    throw new EdgecapError(
      "bundle-hash-mismatch",
      `"${url.href}" is not the file that its manifest names (${bytes.length} bytes of SHA-256 ${found}; expected ${length} of ${sha256}): upload the whole bundle again.`,
    );
  }
  await partial.finish();
  return bytes;
}

/** Reads until the file is whole. */
async function fill(
  partial: PartialFile,
  wanted: WantedFile,
  signal: AbortSignal | undefined,
  onBytes: (loaded: number) => void,
): Promise<void> {
  const { url, bytes: length } = wanted;
  if (partial.size > length) await partial.restart();
  let failures = 0;
  while (partial.size < length) {
    throwIfAborted(signal);
    const before = partial.size;
    try {
      await request(partial, wanted, signal, onBytes);
      if (partial.size < length) throw new Error(`the connection ended after ${partial.size} of ${length} bytes`);
    } catch (cause) {
      throwIfAborted(signal);
      failures = partial.size > before ? 0 : failures + 1;
      if (cause instanceof EdgecapError || failures >= patience) {
        throw cause instanceof EdgecapError
          ? cause
          : new EdgecapError(
              "bundle-file-missing",
              `Cannot download "${url.href}": ${String(cause)}. What is there is kept; try again to go on.`,
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
  const headers: Record<string, string> = partial.size > 0 ? { range: `bytes=${partial.size}-` } : {};
  using answer = await fetchPatiently(url, headers, signal, silenceMs);
  const { response } = answer;
  if (response.status === 206) {
    const start = /^bytes (\d+)-/.exec(response.headers.get("content-range") ?? "")?.[1];
    // Another range than was asked for cannot be put anywhere.
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
      `"${url.href}" answered ${response.status}: upload the whole bundle.`,
    );
  } else if (partial.size > 0) {
    // The server knows no ranges and sends all of it.
    await partial.restart();
  }
  for await (const chunk of answer.chunks()) {
    await partial.append(chunk);
    if (partial.size > length) {
      const size = partial.size;
      await partial.restart();
      throw new EdgecapError(
        "bundle-hash-mismatch",
        `"${url.href}" is longer (${size} bytes and more) than its manifest says (${length}): upload the whole bundle again.`,
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
