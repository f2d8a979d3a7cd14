import { describe, expect, test } from "bun:test";
import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { shareFiles } from "../../scripts/build/share_files.ts";
import { includedBundles, loadBundle } from "../../src/bundle/load_bundle.ts";
import { parseManifest } from "../../src/bundle/manifest.ts";
import { writeBundle } from "../../src/bundle/write_bundle.ts";
import { EdgecapError } from "../../src/errors.ts";
import { reasonOf } from "../code_of.ts";
import { tinyBundle, tinyBundleFiles } from "../fixtures/tiny_bundle.ts";
import { testUnless } from "../skip.ts";

const noPipes = process.platform === "win32" ? "Windows has no such files" : undefined;

async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
  } catch (error) {
    if (error instanceof EdgecapError) return error.code;
    throw error;
  }
  return "no error";
}

async function inFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const parent = await mkdtemp(join(tmpdir(), "edgecap-bundle-"));
  try {
    const { description, files } = tinyBundle();
    await writeBundle(join(parent, "bundle"), description, files);
    await work(join(parent, "bundle"));
  } finally {
    await rm(parent, { recursive: true });
  }
}

describe("loadBundle()", () => {
  test("reads back what writeBundle() wrote", () =>
    inFolder(async (folder) => {
      const { files } = tinyBundle();
      const loaded = await loadBundle(folder);
      expect(loaded.manifest.name).toBe("tiny");
      expect(loaded.files.vocabulary).toEqual(new Uint8Array(files.vocabulary));
      expect(Object.keys(loaded.manifest.files).length).toBe(4);
    }));

  test("refuses a file that does not match the manifest", () =>
    inFolder(async (folder) => {
      const path = join(folder, "decoder_step.onnx");
      const bytes = await readFile(path);
      bytes[bytes.length >> 1]! ^= 1;
      await writeFile(path, bytes);
      expect(await codeOf(loadBundle(folder))).toBe("bundle-hash-mismatch");
    }));

  test("refuses a bundle with a file missing", () =>
    inFolder(async (folder) => {
      await rm(join(folder, "vocabulary.txt"));
      expect(await codeOf(loadBundle(folder))).toBe("bundle-file-missing");
    }));

  testUnless(noPipes, "refuses a folder with a pipe, a device or a folder in place of a file, without reading it", () =>
    inFolder(async (folder) => {
      for (const name of ["vocabulary.txt", "encoder.onnx", "manifest.json"]) {
        const path = join(folder, name);
        const code = name === "manifest.json" ? "bundle-missing" : "bundle-file-missing";
        const saved = await readFile(path);
        for (const [make, kind] of [
          [async () => void execFileSync("mkfifo", [path]), "a pipe"],
          [() => symlink("/dev/zero", path), "a device"],
          [() => mkdir(path), "a folder"],
        ] as const) {
          await rm(path, { recursive: true });
          await make();
          expect([name, kind, await codeOf(loadBundle(folder))]).toEqual([name, kind, code]);
          await expect(loadBundle(folder)).rejects.toThrow(`"${path}": it is ${kind}, not a file.`);
        }
        await rm(path, { recursive: true });
        await writeFile(path, saved);
      }
      expect(await codeOf(loadBundle(folder))).toBe("no error");
    }),
  );

  test("refuses a folder that is not a bundle", async () => {
    expect(await codeOf(loadBundle(join(tmpdir(), "no such bundle")))).toBe("bundle-missing");
  });

  test("stops if its signal has been aborted", async () => {
    const reason = new Error("left");
    expect(await reasonOf(loadBundle(join(tmpdir(), "x"), AbortSignal.abort(reason)))).toBe(reason);
  });

  test("shares the files of the other bundle, except for some bytes", () =>
    inFolder(async (folder) => {
      const first = await loadBundle(folder);
      const { vocabulary } = first.files;
      const files = { ...first.files, vocabulary: new Uint8Array(vocabulary) };
      files.vocabulary[0]! ^= 1;
      files.vocabulary[vocabulary.length - 2]! ^= 2;
      const manifest = { ...first.manifest, name: "second", files: shareFiles(files, "bundle", first) };
      const beside = join(folder, "../beside");
      await mkdir(beside);
      await writeFile(join(beside, "manifest.json"), JSON.stringify(manifest));
      const second = await loadBundle(beside);
      expect(second.manifest.name).toBe("second");
      expect([...second.files.vocabulary]).toEqual([...files.vocabulary]);
      expect(second.files.encoder).toEqual(first.files.encoder);
      await writeFile(join(folder, "encoder.onnx"), "other");
      expect(await codeOf(loadBundle(beside))).toBe("bundle-hash-mismatch");
      await rm(folder, { recursive: true });
      expect(await codeOf(loadBundle(beside))).toBe("bundle-file-missing");
    }));

  test("leaves files in memory as they are if it changes some of their bytes", async () => {
    const files = await tinyBundleFiles();
    const manifest = JSON.parse(new TextDecoder().decode(files.get("manifest.json")));
    manifest.files.vocabulary.changes = [[0, 33]];
    files.set("manifest.json", new TextEncoder().encode(JSON.stringify(manifest)));
    const before = files.get("vocabulary.txt")![0];
    expect((await loadBundle(files)).files.vocabulary[0]).toBe(33);
    expect(files.get("vocabulary.txt")![0]).toBe(before!);
    manifest.files.vocabulary.changes = [[1e6, 33]];
    files.set("manifest.json", new TextEncoder().encode(JSON.stringify(manifest)));
    expect(await codeOf(loadBundle(files))).toBe("bundle-manifest-invalid");
  });

  test("knows the bundles that come with edgecap by their names", async () => {
    const [whole, fast] = [await loadBundle("default"), await loadBundle("fast")];
    expect(whole.manifest).toEqual((await loadBundle(includedBundles["default"]!)).manifest);
    expect(fast.manifest.encoder.size).toBeLessThan(whole.manifest.encoder.size);
    expect(fast.files.encoder.length).toBe(whole.files.encoder.length);
    expect(fast.manifest.files.encoder.sha256).toBe(whole.manifest.files.encoder.sha256);
  });

  test("takes files from memory", async () => {
    expect((await loadBundle(await tinyBundleFiles())).where).toBe("memory");
  });
});

describe("writeBundle()", () => {
  test("keeps the existing bundle if the new one is invalid", () =>
    inFolder(async (folder) => {
      const { description, files } = tinyBundle();
      const broken = { ...description, generation: { ...description.generation, beams: 0 } };
      expect(await codeOf(writeBundle(folder, broken, files))).toBe("bundle-manifest-invalid");
      expect((await loadBundle(folder)).manifest.name).toBe("tiny");
    }));

  test("checks that a bundle's recommended settings are within the ranges of the options", () =>
    inFolder(async (folder) => {
      const { description, files } = tinyBundle();
      const wrong = [
        ...[{ beams: 65 }, { beams: 1.5 }, { beams: 1e9 }, { maxWords: 1001 }, { maxWords: 0 }, { lengthPenalty: -1 }],
        ...[
          { lengthPenalty: 11 },
          { neighbours: { count: 1e6, weight: 1 } },
          { neighbours: { count: 1, weight: 1e300 } },
        ],
      ];
      for (const change of wrong) {
        const broken = { ...description, generation: { ...description.generation, ...change } };
        expect([change, await codeOf(writeBundle(folder, broken, files))]).toEqual([change, "bundle-manifest-invalid"]);
      }
    }));

  test("replaces a bundle as a whole", () =>
    inFolder(async (folder) => {
      const { description, files } = tinyBundle();
      await writeBundle(folder, { ...description, name: "second" }, files);
      expect((await loadBundle(folder)).manifest.name).toBe("second");
    }));

  test("leaves what is there, and nothing else, if it cannot be written", () =>
    inFolder(async (folder) => {
      const { description, files } = tinyBundle();
      let reads = 0;
      const vanishing = {
        ...files,
        // The file is read once for its hash, and once to be written.
        get encoder() {
          if (reads++ > 0) throw new Error("The bytes are gone.");
          return files.encoder;
        },
      };
      const second = { ...description, name: "second" };
      expect(await codeOf(writeBundle(folder, second, vanishing))).toBe("file-unwritable");
      expect(await readdir(dirname(folder))).toEqual(["bundle"]);
      expect((await loadBundle(folder)).manifest.name).toBe("tiny");
      expect(await codeOf(writeBundle(join(folder, "manifest.json", "bundle"), second, files))).toBe("file-unwritable");
    }));

  test("removes the unfinished folders of killed processes, and no other folder", () =>
    inFolder(async (folder) => {
      const { description, files } = tinyBundle();
      const beside = (name: string) => join(dirname(folder), name);
      const [unfinished, replaced] = [".bundle.edgecap-aB3dE_", ".bundle.edgecap-aB3dE_-old"];
      const young = ".bundle.edgecap-young1";
      const kept = [
        young,
        ".bundle-backup",
        "bundle.edgecap-aB3dE_",
        ".bundle.edgecap-longer7",
        ".bundle.edgecap-aB3dE_-older",
      ];
      for (const name of [unfinished!, replaced!, ...kept]) {
        await mkdir(beside(name));
        await writeFile(join(beside(name), "a"), "");
        if (name !== young) await utimes(beside(name), 1, 1);
      }
      const file = ".bundle.edgecap-file_1";
      await writeFile(beside(file), "");
      await utimes(beside(file), 1, 1);
      await writeBundle(folder, description, files);
      expect((await readdir(dirname(folder))).sort()).toEqual(["bundle", file, ...kept].sort());
    }));
});

describe("parseManifest()", () => {
  test("names the place and the value that are wrong", async () => {
    const text = new TextDecoder().decode((await tinyBundleFiles()).get("manifest.json"));
    const wrong = { ...JSON.parse(text), encoder: { precision: "int4", size: 224, regions: 49, features: 4 } };
    expect(() => parseManifest(JSON.stringify(wrong), "m.json")).toThrow(/\/encoder\/precision.*"int4"/);
  });

  test("checks the ranges of options against repetition and for concepts", async () => {
    const text = new TextDecoder().decode((await tinyBundleFiles()).get("manifest.json"));
    const manifest = JSON.parse(text);
    const withGeneration = (added: object) =>
      JSON.stringify({ ...manifest, generation: { ...manifest.generation, ...added } });
    const concepts = { least: 0.9, most: 3, reward: 0.5 };
    const read = parseManifest(withGeneration({ noRepeatNgram: 2, concepts }), "m.json");
    expect(read.generation).toMatchObject({ noRepeatNgram: 2, concepts });
    for (const [added, place] of [
      [{ noRepeatNgram: 0 }, /\/generation\/noRepeatNgram/],
      [{ noRepeatNgram: 2.5 }, /\/generation\/noRepeatNgram/],
      [{ noRepeatNgram: 11 }, /\/generation\/noRepeatNgram/],
      [{ concepts: { ...concepts, least: 0 } }, /\/generation\/concepts\/least/],
      [{ concepts: { ...concepts, least: 1.1 } }, /\/generation\/concepts\/least/],
      [{ concepts: { ...concepts, most: 4 } }, /\/generation\/concepts\/most/],
      [{ concepts: { ...concepts, most: 0 } }, /\/generation\/concepts\/most/],
      [{ concepts: { ...concepts, reward: -1 } }, /\/generation\/concepts\/reward/],
      [{ concepts: { least: 0.9, most: 1 } }, /\/generation\/concepts\/reward/],
    ] as const) {
      expect(() => parseManifest(withGeneration(added), "m.json")).toThrow(place);
    }
  });

  test("refuses a file outside the bundle's folder", async () => {
    const text = new TextDecoder().decode((await tinyBundleFiles()).get("manifest.json"));
    const wrong = text.replace('"encoder.onnx"', '"../encoder.onnx"');
    expect(() => parseManifest(wrong, "m.json")).toThrow(/\/files\/encoder\/path/);
    for (const path of [
      "../../a/encoder.onnx",
      "../../encoder.onnx",
      "../.a/encoder.onnx",
      "a/encoder.onnx",
      "/encoder.onnx",
    ]) {
      const other = text.replace('"encoder.onnx"', JSON.stringify(path));
      expect(() => parseManifest(other, "m.json")).toThrow(/\/files\/encoder\/path/);
    }
  });

  test("distinguishes a manifest of a later version from an invalid one", async () => {
    expect(await codeOf((async () => parseManifest('{"schemaVersion": 2}', "m.json"))())).toBe(
      "bundle-version-unsupported",
    );
    expect(await codeOf((async () => parseManifest("[]", "m.json"))())).toBe("bundle-manifest-invalid");
    expect(await codeOf((async () => parseManifest("{", "m.json"))())).toBe("bundle-manifest-invalid");
  });
});
