/** JavaScript's clients and libraries for structured output, unchanged, as their packages are published. */
import { afterAll, expect } from "bun:test";
import { testUnless } from "../skip.ts";
import { clientNouns, clientPhoto, clientProgram } from "./client_programs.ts";
import { knowingServer, known } from "./knowing_server.ts";

const bun = process.execPath;
const javascript = clientProgram("javascript", [bun, "--version"], [bun, "install", "--ignore-scripts"]);
const filled = { caption: known, tags: clientNouns };

afterAll(() => javascript[Symbol.dispose]());

testUnless(javascript.missing, "JavaScript's clients get their captions, objects and errors", async () => {
  await using server = await knowingServer({ tokens: ["secret"] });
  const output = await javascript.outputOf(bun, "clients.mjs", server.url, "secret", clientPhoto);
  expect(JSON.parse(output)).toEqual({
    openai: known,
    openai_schema: filled,
    openai_stream: known,
    openai_response: known,
    openai_response_stream: known,
    openai_error: ["BadRequestError", 400, "images-missing"],
    openai_stranger: "AuthenticationError",
    agents_chat: known,
    agents_chat_schema: filled,
    agents_chat_stream: known,
    agents_response: known,
    agents_response_schema: filled,
    agents_response_stream: known,
    langchain_openai: known,
    langchain_openai_stream: known,
    langchain_openai_jsonSchema: filled,
    langchain_openai_functionCalling: filled,
    langchain_ollama: known,
    langchain_ollama_stream: known,
    langchain_ollama_jsonSchema: filled,
    langchain_ollama_functionCalling: filled,
    ai: known,
    ai_stream: known,
    ai_object: filled,
    ai_array: clientNouns,
    ai_ollama: known,
    ai_ollama_stream: known,
    ai_ollama_object: filled,
    ai_ollama_array: clientNouns,
    ai_choice: "dog",
    ollama: known,
    ollama_chat: clientNouns.join(", "),
    ollama_schema: filled,
    ollama_stream: known,
    ollama_models: ["knowing:latest"],
    ollama_error: expect.stringContaining("contains no picture"),
    azure: [known, clientNouns],
  });
});
