import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type SpawnOptions, spawn } from "node:child_process";
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { compileEdgecap } from "../scripts/compile.ts";

const portrait = fileURLToPath(new URL("../examples/astronaut.jpg", import.meta.url));
let folder: string;
let options: SpawnOptions;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "edgecap-executable-"));
  compileEdgecap(join(folder, "edgecap"));
  mkdirSync(join(folder, "empty"));
  copyFileSync(portrait, join(folder, "photo.jpg"));
  for (const [path, mode] of [
    [".", 0o755],
    ["edgecap", 0o755],
    ["photo.jpg", 0o644],
    ["empty", 0o555],
  ] as const) {
    chmodSync(join(folder, path), mode);
  }
  // From an empty folder that cannot be written to, without an environment and, where the test may, as nobody.
  const nobody = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {};
  options = { cwd: join(folder, "empty"), env: {}, ...nobody };
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function run(...args: string[]): Promise<{ status: number | null; stdout: string; stderr: string }> {
  const child = spawn(join(folder, "edgecap"), args, { ...options, stdio: ["ignore", "pipe", "pipe"] });
  const text = { stdout: "", stderr: "" };
  child.stdout!.on("data", (chunk: Buffer) => (text.stdout += chunk.toString()));
  child.stderr!.on("data", (chunk: Buffer) => (text.stderr += chunk.toString()));
  const status = await new Promise<number | null>((resolve) => child.on("close", resolve));
  return { status, ...text };
}

describe("the executable", () => {
  test("captions with the bundle inside it, on one thread and on two", async () => {
    const one = await run("caption", "../photo.jpg");
    expect(one.stderr).toBe("");
    expect(one.stdout).toMatch(/\b(man|woman|person|people|girl|boy|child)\b/);
    expect(await run("caption", "--threads", "2", "../photo.jpg")).toEqual(one);
  });

  test("verifies the bundle inside it, and says what it is made of", async () => {
    const models = await run("models", "--json");
    expect([models.status, models.stderr]).toEqual([0, ""]);
    expect(JSON.parse(models.stdout).name).toBe("edgecap-attention");
    const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
    const said = (await run("--version")).stdout;
    expect(said).toStartWith(`edgecap ${version}, Bun ${Bun.version}, commit `);
    expect(said).toMatch(/, bundle [0-9a-f]{12}\n$/);
  });

  test("serves captions from workers of its own, and its page", async () => {
    const child = spawn(join(folder, "edgecap"), ["serve", "--port", "0", "--workers", "1"], {
      ...options,
      stdio: ["ignore", "pipe", "ignore"],
    });
    try {
      const address = await new Promise<string>((resolve, reject) => {
        let text = "";
        child.stdout!.on("data", (chunk: Buffer) => {
          text += chunk.toString();
          const found = /http:\S+/.exec(text);
          if (found !== null) resolve(found[0]);
        });
        child.on("close", () => reject(new Error(`The server ended: ${text}`)));
      });
      const response = await fetch(`${address}/v1/captions`, {
        method: "POST",
        headers: { accept: "text/plain", "content-type": "image/jpeg" },
        body: readFileSync(portrait),
      });
      expect(response.status).toBe(200);
      expect((await response.text()).trim()).toBe((await run("caption", "../photo.jpg")).stdout.trim());
      expect((await (await fetch(address)).text()).toLowerCase()).toStartWith("<!doctype html>");
    } finally {
      const gone = new Promise((resolve) => child.on("close", resolve));
      child.kill();
      await gone;
    }
  });

  test("holds neither tfjs nor the trainer", () => {
    const bytes = readFileSync(join(folder, "edgecap"));
    for (const needle of ["tfjs-core", "labelSmoothing", "onnxruntime_binding.node"]) {
      expect([needle, bytes.includes(needle)]).toEqual([needle, false]);
    }
  });
});
