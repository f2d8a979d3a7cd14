import { expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadEngine } from "../../src/mod.ts";
import { createServer } from "../../src/server/mod.ts";
import { writeTinyTransformers } from "../fixtures/tiny_transformers.ts";

test("the server captions with transformers:FOLDER through the same interface", async () => {
  const folder = mkdtempSync(join(tmpdir(), "edgecap-engine-"));
  const photo = readFileSync(new URL("../../examples/coffee.jpg", import.meta.url));
  try {
    writeTinyTransformers(folder, { num_beams: 2 });
    await using server = createServer({ bundle: `transformers:${folder}`, workers: 1 });
    await using engine = await loadEngine({ bundle: `transformers:${folder}` });
    await server.ready;
    const ask = (query: string, accept: string) =>
      server.fetch(
        new Request(`http://host.example/v1/captions?${query}`, { method: "POST", headers: { accept }, body: photo }),
      );
    const { timing: _, ...expected } = await engine.caption(photo, { alternatives: 2 });
    const whole = await (await ask("alternatives=2", "application/json")).json();
    expect(whole).toMatchObject({ image: "-", ...expected });
    const stream = await (await ask("alternatives=2", "text/event-stream")).text();
    expect([...stream.matchAll(/^event: word$/gm)].length).toBe(expected.words.length);
    const refused = await ask("attention=true", "text/event-stream");
    expect(await refused.json()).toMatchObject({ status: 422, code: "option-invalid" });
    const models = await (await server.fetch(new Request("http://host.example/v1/models"))).json();
    expect(models).toMatchObject({ models: [{ name: engine.name }] });
  } finally {
    rmSync(folder, { recursive: true });
  }
});
