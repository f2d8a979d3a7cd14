/** Java's clients of OpenAI and LangChain4j, unchanged, as Maven's registry has them. */
import { afterAll, expect } from "bun:test";
import { testUnless } from "../skip.ts";
import { clientNouns, clientPhoto, clientProgram } from "./client_programs.ts";
import { knowingServer, known } from "./knowing_server.ts";

const fetching = ["mvn", "-q", "-B", "dependency:copy-dependencies", "-DoutputDirectory=lib"] as const;
const java = clientProgram("java", ["java", "-version"], fetching);
const filled = { caption: known, tags: clientNouns };

afterAll(() => java[Symbol.dispose]());

testUnless(java.missing, "Java's clients get their captions, classes and errors", async () => {
  await using server = await knowingServer({ tokens: ["secret"] });
  const output = await java.outputOf("java", "-cp", "lib/*", "Clients.java", server.url, "secret", clientPhoto);
  expect(JSON.parse(output.trim().split("\n").at(-1)!)).toEqual({
    openai: known,
    openai_stream: known,
    openai_class: filled,
    openai_error: 400,
    langchain_openai: known,
    langchain_openai_class: filled,
    langchain_openai_text: known,
    langchain_openai_text_class: filled,
    langchain_ollama: known,
    langchain_ollama_class: filled,
    langchain_ollama_text: known,
    langchain_ollama_text_class: filled,
  });
});
