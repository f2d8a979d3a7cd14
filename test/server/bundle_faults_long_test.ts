/** A bundle's folder changes while the server runs: its workers continue, and no worker loads the new files. */
import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { cp, mkdtemp, rename, rm, truncate } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { writeBundle } from "../../src/bundle/write_bundle.ts";
import { createCaptionWorker } from "../../src/pool/pool_worker.ts";
import { tinyBundle } from "../fixtures/tiny_bundle.ts";
import { tinyServer } from "./tiny_server.ts";

const { description, files } = tinyBundle();
const picture = new Uint8Array(readFileSync(new URL("../fixtures/images/grey.jpg", import.meta.url)));

const faults: readonly { what: string; spoil(folder: string): Promise<void>; says: RegExp }[] = [
  {
    what: "another bundle takes its place",
    spoil: async (folder) => void (await writeBundle(folder, { ...description, name: "other" }, files)),
    says: /was replaced by another one while it was in use/,
  },
  {
    what: "one of its files is cut short",
    spoil: (folder) => truncate(join(folder, "decoder_step.onnx"), 1000),
    says: /decoder_step\.onnx/,
  },
  {
    what: "it is deleted",
    spoil: (folder) => rm(folder, { recursive: true }),
    says: /No bundle at/,
  },
];

describe("a server whose bundle changes while it serves", () => {
  for (const { what, spoil, says } of faults) {
    test(`answers as before, and takes no worker with another model, if ${what}`, async () => {
      const parent = await mkdtemp(join(tmpdir(), "edgecap-swap-"));
      try {
        const [bundle, kept] = [join(parent, "bundle"), join(parent, "kept")];
        await writeBundle(bundle, description, files);
        await cp(bundle, kept, { recursive: true });
        const threads: Worker[] = [];
        const createWorker = () => {
          const thread = createCaptionWorker();
          threads.push(thread);
          return thread;
        };
        // A cached answer would hide what the workers do.
        await using tiny = await tinyServer({ bundle, workers: 2, cacheBytes: 0, hangMs: 600_000, createWorker });
        const ready = async () => {
          const { workers } = (await (await fetch(`${tiny.url}/readyz`)).json()) as { workers?: { ready: number } };
          return workers?.ready ?? 0;
        };
        const caption = async () => {
          const answer = await tiny.post("", picture);
          return [answer.status, ((await answer.json()) as { caption: string }).caption];
        };
        while ((await ready()) < 2) await wait(20);
        const before = await caption();
        expect(before[0]).toBe(200);
        await spoil(bundle);
        // Bun reports a thread that died. Deno does not; there the silent worker counts as hung, but much later.
        threads[0]!.dispatchEvent(new Event("close"));
        const refused = () =>
          tiny.log.find((line) => "event" in line && line.event === "worker-replaced" && line.reason === "refused");
        expect(await caption()).toEqual(before);
        while (refused() === undefined) await wait(20);
        expect((refused() as { message: string }).message).toMatch(says);
        expect(await caption()).toEqual(before);
        await rm(bundle, { recursive: true, force: true });
        await rename(kept, bundle);
        while ((await ready()) < 2) await wait(100);
        expect([await caption(), await caption()]).toEqual([before, before]);
      } finally {
        await rm(parent, { recursive: true });
      }
    });
  }
});
