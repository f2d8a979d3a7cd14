/** The official Python clients of OpenAI, Ollama and Azure, unchanged, out of a virtual environment made by pip. */
import { afterAll, expect } from "bun:test";
import { copyFileSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { codeBlocks } from "../code_blocks.ts";
import { testUnless } from "../skip.ts";
import { knowingServer, known } from "./knowing_server.ts";
import { pythonWith } from "./python_environment.ts";

const packages = ["openai==3.57.0", "ollama==0.6.3", "azure-ai-vision-imageanalysis==1.0.0"];
/** The programs of python_structured_long_bun_test.ts. */
const structured = /\bPhoto\b/;
const python = pythonWith(packages);
const photo = fileURLToPath(new URL("../../examples/coffee.jpg", import.meta.url));

afterAll(() => python[Symbol.dispose]());

testUnless(python.missing, "the programs in docs/clients.md run as they are printed", async () => {
  await using server = await knowingServer();
  const page = readFileSync(new URL("../../docs/clients.md", import.meta.url), "utf8");
  const programs = codeBlocks(page, "py").filter((program) => !structured.test(program));
  expect(programs.length).toBe(3);
  copyFileSync(photo, join(python.folder, "photo.jpg"));
  for (const program of programs) {
    const text = program.replaceAll("http://localhost:3000", server.url);
    expect([program, await python.outputOf(["-c", text])]).toEqual([program, `${known}\n`]);
  }
});

testUnless(python.missing, "the Python clients of OpenAI, Ollama and Azure get their captions and errors", async () => {
  await using server = await knowingServer({ tokens: ["secret"] });
  const script = fileURLToPath(new URL("./python_clients.py", import.meta.url));
  const output = await python.outputOf([script, server.url, photo]);
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
