import { expect } from "bun:test";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { noRedis, startRedis } from "../fixtures/redis_server.ts";
import { sureBundleFiles } from "../fixtures/sure_bundle.ts";
import { testUnless } from "../skip.ts";
import { edgecap, inFolder, start } from "./edgecap.ts";

const coffee = readFileSync(new URL("../../examples/coffee.jpg", import.meta.url));

testUnless(noRedis, "edgecap batch --queue passes on how sure a sentence must be, and reports the less sure ones", () =>
  inFolder(async (folder) => {
    await using redis = await startRedis(folder);
    for (const name of ["sure", "photos"]) mkdirSync(join(folder, name));
    for (const [name, bytes] of await sureBundleFiles({ confidence: 0.4, concepts: { dog: 0.9 } }))
      writeFileSync(join(folder, "sure", name), bytes);
    for (const name of ["a.jpg", "b.jpg"]) writeFileSync(join(folder, "photos", name), coffee);
    const worker = start(["worker", "--queue", redis.address, "--bundle", "sure", "--workers", "1"], { cwd: folder });
    try {
      const batch = ["batch", "photos", "--out", "out.jsonl", "--queue", redis.address, "--min-confidence", "0.5"];
      const { status, stderr } = await edgecap(batch, { cwd: folder });
      expect([status, stderr]).toEqual([
        1,
        expect.stringContaining("2 of those captioned were less sure or longer than requested"),
      ]);
      const lines = readFileSync(join(folder, "out.jsonl"), "utf8").trimEnd().split("\n");
      const unsure = { caption: "a photo of a dog", reason: "unsure" };
      expect(lines.map((line) => JSON.parse(line))).toEqual([unsure, unsure].map(expect.objectContaining));
    } finally {
      worker.child.kill("SIGKILL");
      await worker.ended;
    }
  }),
);
