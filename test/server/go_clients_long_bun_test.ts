/** Go's clients of OpenAI and Ollama, unchanged, as their modules are published. */
import { afterAll, expect } from "bun:test";
import { join } from "node:path";
import { testUnless } from "../skip.ts";
import { clientNouns, clientPhoto, clientProgram } from "./client_programs.ts";
import { knowingServer, known } from "./knowing_server.ts";

const go = clientProgram("go", ["go", "version"], ["go", "mod", "download"]);
const filled = { caption: known, tags: clientNouns };
const noPicture = [400, expect.stringContaining("contains no picture")];

afterAll(() => go[Symbol.dispose]());

testUnless(go.missing, "the Go clients of OpenAI and Ollama get their captions and errors", async () => {
  await using server = await knowingServer({ tokens: ["secret"] });
  const program = join(go.folder, "clients");
  await go.outputOf("go", "build", "-o", program, ".");
  expect(JSON.parse(await go.outputOf(program, server.url, "secret", clientPhoto))).toEqual({
    openai: known,
    openai_stream: known,
    openai_schema: filled,
    openai_response: known,
    openai_models: 1,
    openai_error: noPicture,
    go_openai: clientNouns.join(", "),
    go_openai_stream: clientNouns.join(", "),
    go_openai_error: 400,
    ollama: known,
    // One for each of the seven words, and one for the end.
    ollama_lines: 8,
    ollama_schema: filled,
    ollama_time: true,
    ollama_models: "knowing:latest",
    ollama_running: 1,
    ollama_capabilities: ["completion", "vision"],
    ollama_version: true,
    ollama_error: noPicture,
    langchaingo: known,
    langchaingo_stream: known,
  });
});
