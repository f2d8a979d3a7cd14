/** The official Python clients of OpenAI, Ollama and Azure, unchanged, out of a virtual environment made by pip. */
import { afterAll, expect } from "bun:test";
import { spawn, spawnSync } from "node:child_process";
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { codeBlocks } from "../code_blocks.ts";
import { testUnless } from "../skip.ts";
import { knowingServer, known } from "./knowing_server.ts";

const packages = ["openai==3.57.0", "ollama==0.6.3", "azure-ai-vision-imageanalysis==1.0.0"];
const folder = mkdtempSync(join(tmpdir(), "edgecap-python-"));
const python = join(folder, "bin/python");
const photo = fileURLToPath(new URL("../../examples/coffee.jpg", import.meta.url));

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What Python prints, after it has ended well. */
async function outputOf(args: string[]): Promise<string> {
  const child = spawn(python, args, { cwd: folder, stdio: ["ignore", "pipe", "inherit"] });
  let output = "";
  child.stdout.on("data", (chunk) => {
    output += chunk;
  });
  expect(await new Promise((resolve) => child.on("close", resolve))).toBe(0);
  return output;
}

/** Why the clients are not here, if they are not. */
function missing(): string | undefined {
  if (spawnSync("python3", ["-m", "venv", folder], { stdio: "ignore" }).status !== 0) return "python3 makes no venv";
  const pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", ...packages];
  if (spawnSync(python, pip, { stdio: "ignore", timeout: 300_000 }).status !== 0) return "pip installs nothing";
  return undefined;
}

const reason = missing();

testUnless(reason, "the programs in docs/clients.md run as they are printed", async () => {
  await using server = await knowingServer();
  const page = readFileSync(new URL("../../docs/clients.md", import.meta.url), "utf8");
  const programs = codeBlocks(page, "py");
  expect(programs.length).toBe(3);
  copyFileSync(photo, join(folder, "photo.jpg"));
  for (const program of programs) {
    const text = program.replaceAll("http://localhost:3000", server.url);
    expect([program, await outputOf(["-c", text])]).toEqual([program, `${known}\n`]);
  }
});

testUnless(reason, "the Python clients of OpenAI, Ollama and Azure get their captions and errors", async () => {
  await using server = await knowingServer({ tokens: ["secret"] });
  const script = fileURLToPath(new URL("./python_clients.py", import.meta.url));
  const output = await outputOf([script, server.url, photo]);
  const words = ["a", " dog", "'s", " bowl", " stands", " on", " grass"];
  const nouns = "fire hydrant, dog, grass";
  const labels = expect.arrayContaining([{ name: "dog", confidence: 0.75 }]);
  expect(JSON.parse(output)).toEqual({
    models: ["knowing"],
    model: "knowing",
    chat: known,
    two: `${known}\n${known}`,
    tags: nouns,
    choices: 3,
    logprobs: known,
    parsed: { caption: known, labels, place: null },
    usage: 7,
    chunks: words,
    note: "prompt-ignored, english-only",
    response: nouns,
    response_stream: known,
    response_final: known,
    no_picture: ["BadRequestError", 400, expect.stringContaining("contains no picture")],
    no_url: ["PermissionDeniedError", 403, expect.stringContaining("does not fetch pictures by URL")],
    stranger: ["AuthenticationError", 401, expect.stringContaining("does not know that token")],
    ollama_models: ["knowing:latest"],
    ollama_ps: ["knowing:latest"],
    ollama_show: ["completion", "vision"],
    generate: known,
    generate_times: [3_500_000, 4_000_000, 6],
    generate_stream: [...words, ""],
    generate_schema: { caption: known, labels, place: null },
    generate_json: { caption: known, labels },
    ollama_chat: "dog",
    ollama_chat_stream: "dog",
    ollama_no_picture: ["ResponseError", 400, expect.stringContaining("contains no picture")],
    ollama_any_model: ["completion", "vision"],
    azure: [known.replace("dog", "pet"), expect.any(Number), ["fire hydrant", "dog", "grass"], [600, 400], "knowing"],
    azure_caption: [known, null],
    azure_no_feature: ["HttpResponseError", 400, expect.stringContaining("InvalidRequest")],
    azure_no_picture: ["HttpResponseError", 400, expect.stringContaining("InvalidRequest")],
    azure_stranger: ["ClientAuthenticationError", 401, expect.stringContaining("does not know that token")],
  });
});
