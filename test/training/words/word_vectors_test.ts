import { describe, expect, test } from "bun:test";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EdgecapError } from "../../../src/errors.ts";
import { attentionDefaults } from "../../../src/training/attention/settings.ts";
import { trainRun } from "../../../src/training/run/train_run.ts";
import { assertWordVectors, readWordVectors } from "../../../src/training/words/word_vectors.ts";

async function read(text: string, words: readonly string[]) {
  const folder = await mkdtemp(join(tmpdir(), "edgecap-vectors-"));
  try {
    const path = join(folder, "vectors.txt");
    await writeFile(path, text);
    return await readWordVectors(path, words);
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function refusal(text: string, words: readonly string[] = ["dog"]): Promise<EdgecapError> {
  try {
    await read(text, words);
  } catch (error) {
    if (error instanceof EdgecapError) return error;
    throw error;
  }
  throw new Error("It was taken.");
}

describe("readWordVectors()", () => {
  test("reads GloVe's text, of any dimension, with words that contain spaces", async () => {
    const { dimension, vectors } = await read("a 1 2 3\n. . . 4 5 6\r\ndog 0.5 -1e-2 7\n", ["dog", "cat", ". . ."]);
    expect(dimension).toBe(3);
    expect([...vectors.keys()].sort()).toEqual([". . .", "dog"]);
    expect([...vectors.get("dog")!]).toEqual([...Float32Array.of(0.5, -0.01, 7)]);
  });

  test("skips word2vec's line of counts", async () => {
    const { dimension, vectors } = await read("2 2\ndog 1 2 \ncat 3 4 \n", ["cat"]);
    expect(dimension).toBe(2);
    expect([...vectors.get("cat")!]).toEqual([3, 4]);
  });

  test("names an invalid line", async () => {
    expect((await refusal("dog 1 2\ncat 1\n")).message).toContain("Line 2");
    expect((await refusal("dog one two\n")).message).toContain('after "dog"');
    expect((await refusal("<html>\n")).message).toContain("Line 1");
  });

  test("refuses vectors of other words, and a file that is missing", async () => {
    expect((await refusal("cat 1 2\n")).code).toBe("data-invalid");
    const missing = readWordVectors("no-such-file.txt", ["dog"]);
    await expect(missing).rejects.toThrow(/Cannot read the word vectors "no-such-file.txt"/);
  });
});

describe("missing vectors", () => {
  const missing = /Cannot read the word vectors "no-such-file.txt"/;

  test("are noticed by a check alone", async () => {
    await expect(assertWordVectors("no-such-file.txt")).rejects.toThrow(missing);
    await assertWordVectors(import.meta.filename);
  });

  test("are noticed before a run reads or computes anything", async () => {
    const run = trainRun({
      ...{ images: "no-photos", captions: "no-captions.txt", out: "no-run", features: "no-features" },
      ...{ encoder: new Uint8Array(), minimumCount: 1, vectors: "no-such-file.txt", resume: false, threads: 1 },
      settings: attentionDefaults,
    });
    await expect(run).rejects.toThrow(missing);
  });
});
