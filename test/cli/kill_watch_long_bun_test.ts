import { describe, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { killWatch } from "../fixtures/kill_watch.ts";

describe("edgecap watch that is killed", () => {
  for (const form of ["json", "sidecar", "picture"] as const) {
    test(`goes on where it was, and leaves whole files (${form})`, async () => {
      const folder = await mkdtemp(join(tmpdir(), "edgecap-kills-"));
      try {
        const { kills, captioned, wrong } = await killWatch(folder, { form, kills: 3, pictures: 30, seed: 9 });
        expect(wrong).toEqual([]);
        expect(kills).toBeGreaterThan(0);
        expect(captioned).toBeGreaterThanOrEqual(30);
      } finally {
        await rm(folder, { recursive: true });
      }
    });
  }
});
