import { beforeAll, describe, expect, test } from "bun:test";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EdgecapError } from "../../../src/errors.ts";
import { textModule } from "../../../src/text/text_module.ts";
import { type DataSource, type RunData, readRunData, runVocabulary } from "../../../src/training/run/run_data.ts";

/** Reads files by their contents. */
async function read(captions: string, lists: { train?: string; dev?: string } = {}): Promise<RunData> {
  const folder = await mkdtemp(join(tmpdir(), "edgecap-data-"));
  try {
    const source: Record<string, string | number> = { captions: join(folder, "captions"), seed: 3 };
    await writeFile(join(folder, "captions"), captions);
    for (const [name, text] of Object.entries(lists)) {
      source[`${name}List`] = join(folder, name);
      await writeFile(join(folder, name), text);
    }
    return await readRunData(source as unknown as DataSource);
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function refusal(work: Promise<unknown>): Promise<EdgecapError> {
  try {
    await work;
  } catch (error) {
    if (error instanceof EdgecapError) return error;
    throw error;
  }
  throw new Error("It was taken.");
}

const kaggle = (photos: number) =>
  Array.from({ length: photos }, (_, i) => `${i}.jpg,A dog runs .\n${i}.jpg,The dog !`).join("\n");

describe("readRunData()", () => {
  beforeAll(async () => {
    await textModule();
  });

  test("splits by photo, drops rows without a caption and tokenizes what is to train on", async () => {
    const data = await read(`image,caption\n${kaggle(16)}\n16.jpg,\n`);
    expect([data.train.length, data.dev.length, data.dropped]).toEqual([14, 2, 1]);
    expect(data.train[0]!.captions).toEqual([
      ["a", "dog", "runs"],
      ["the", "dog"],
    ]);
    expect(data.dev[0]!.references).toEqual(["A dog runs .", "The dog !"]);
    const again = await read(`image,caption\n${kaggle(16)}\n16.jpg,\n`);
    expect(again.dev.map(({ image }) => image)).toEqual(data.dev.map(({ image }) => image));
  });

  test("takes 7,000 to train and 1,000 to tune of 8,000 and more", async () => {
    const { train, dev } = await read(kaggle(8091));
    expect([train.length, dev.length]).toEqual([7000, 1000]);
  });

  test("uses lists, and needs both, without a photo in common", async () => {
    const data = await read(kaggle(4), { train: "2.jpg\n0.jpg\n", dev: "1.jpg\n" });
    expect(data.train.map(({ image }) => image)).toEqual(["2.jpg", "0.jpg"]);
    expect((await refusal(read(kaggle(4), { train: "2.jpg\n" }))).message).toContain("Give both lists");
    const shared = await refusal(read(kaggle(4), { train: "1.jpg\n2.jpg\n", dev: "1.jpg\n" }));
    expect(shared.message).toContain('"1.jpg" is in both lists');
    expect((await refusal(read(kaggle(1)))).message).toContain("a single photo");
  });

  test("uses the splits of Karpathy's file", async () => {
    const image = (filename: string, split: string) => ({ filename, split, sentences: [{ raw: "A dog ." }] });
    const images = [image("a.jpg", "val"), image("b.jpg", "train"), image("c.jpg", "test")];
    const { train, dev } = await read(JSON.stringify({ images }));
    expect([train.map((photo) => photo.image), dev.map((photo) => photo.image)]).toEqual([["b.jpg"], ["a.jpg"]]);
  });

  test("makes a vocabulary of words that occur often enough, and refuses an empty one", async () => {
    const data = await read(kaggle(4), { train: "0.jpg\n1.jpg\n", dev: "2.jpg\n" });
    using vocabulary = runVocabulary(data, 3);
    expect(vocabulary.serialise().trimEnd().split("\n").slice(4)).toEqual(["dog"]);
    expect(() => runVocabulary(data, 5)).toThrow(/vocabulary is empty: no word of the 4 training captions occurs 5/);
  });
});
