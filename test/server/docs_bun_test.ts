import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { spawn } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { noteMeanings } from "../../src/server/chat/notes.ts";
import { problemCodes, statusOf } from "../../src/server/problem.ts";
import { optionsSchema } from "../../src/server/schemas.ts";
import { codeBlocks } from "../code_blocks.ts";
import { example, type TinyServer, tinyServer } from "./tiny_server.ts";

const page = readFileSync(new URL("../../docs/server.md", import.meta.url), "utf8");
const clients = readFileSync(new URL("../../docs/clients.md", import.meta.url), "utf8");
const address = "http://localhost:3000";
const commands = [
  ...codeBlocks(page, "sh"),
  ...codeBlocks(clients, "sh").map((text) => text.replaceAll(address, "$EDGECAP")),
].filter((text) => text.includes("curl"));
const programs = codeBlocks(page, "ts");

const image = { "content-type": "image/jpeg" };
let tiny: TinyServer;
let folder: string;

beforeAll(async () => {
  tiny = await tinyServer();
  folder = mkdtempSync(join(tmpdir(), "edgecap-docs-"));
  cpSync(fileURLToPath(new URL("../../examples/coffee.jpg", import.meta.url)), join(folder, "photo.jpg"));
});

afterAll(async () => {
  await tiny[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

describe("docs/server.md and docs/clients.md", () => {
  test("have commands for every route, and all of them work", async () => {
    for (const command of commands) {
      const child = spawn("bash", ["-euo", "pipefail", "-c", command], {
        cwd: folder,
        env: { ...process.env, EDGECAP: tiny.url },
      });
      let output = "";
      child.stdout.on("data", (chunk) => {
        output += chunk;
      });
      const status = await new Promise((resolve) => child.on("close", resolve));
      expect([command, status]).toEqual([command, 0]);
      expect(output.length).toBeGreaterThan(0);
    }
    const all = commands.join("\n");
    for (const { path } of tiny.server.routes) expect(all).toContain(`$EDGECAP${path.replace("{id}", "")}`);
  });

  test("has a program that runs", async () => {
    const examples = fileURLToPath(new URL("../../.cache/examples/", import.meta.url));
    mkdirSync(examples, { recursive: true });
    expect(programs.length).toBe(1);
    writeFileSync(join(examples, "server.ts"), programs[0]!);
    await import(join(examples, "server.ts"));
  });

  test("have programs of other libraries that run as they are printed", async () => {
    const caption = await (await tiny.post("", example("coffee.jpg"), { ...image, accept: "text/plain" })).text();
    const printed = codeBlocks(clients, "ts ignore");
    expect(printed.length).toBe(2);
    // Beside the packages that they import.
    const programsFolder = fileURLToPath(new URL("../../.cache/client-programs/", import.meta.url));
    mkdirSync(programsFolder, { recursive: true });
    cpSync(join(folder, "photo.jpg"), join(programsFolder, "photo.jpg"));
    for (const [place, program] of printed.entries()) {
      const file = join(programsFolder, `${place}.ts`);
      writeFileSync(file, program.replaceAll(address, tiny.url));
      const child = spawn(process.execPath, [file], { cwd: programsFolder, stdio: ["ignore", "pipe", "inherit"] });
      let output = "";
      child.stdout.on("data", (chunk) => {
        output += chunk;
      });
      await new Promise((resolve) => child.on("close", resolve));
      expect([program, output]).toEqual([program, caption]);
    }
  });

  test("name every code of the header Edgecap-Note", () => {
    for (const code of Object.keys(noteMeanings)) expect(clients).toContain(`\`${code}\``);
  });

  test("names every option and every code of a problem under its status", () => {
    for (const name of Object.keys(optionsSchema.properties)) expect(page).toContain(`\`${name}\``);
    for (const code of problemCodes) {
      const row = page.split("\n").find((line) => line.startsWith("| ") && line.includes(`\`${code}\``));
      expect([code, row]).toEqual([code, expect.stringContaining(String(statusOf(code)))]);
    }
  });
});
