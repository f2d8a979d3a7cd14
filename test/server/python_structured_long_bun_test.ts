/** Python libraries that fill a class from a picture, unchanged, out of a virtual environment made by pip. */
import { afterAll, expect } from "bun:test";
import { copyFileSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { codeBlocks } from "../code_blocks.ts";
import { testUnless } from "../skip.ts";
import { knowingServer, known } from "./knowing_server.ts";
import { pythonWith } from "./python_environment.ts";

const python = pythonWith([
  "instructor==1.17.0",
  "langchain-openai==1.7.4",
  "litellm==1.110.2",
  "llama-index-llms-openai-like==0.8.1",
  "pydantic-ai-slim[openai]==2.31.1",
]);

afterAll(() => python[Symbol.dispose]());

testUnless(python.missing, "libraries for structured output fill a class as docs/clients.md prints it", async () => {
  await using server = await knowingServer();
  const page = readFileSync(new URL("../../docs/clients.md", import.meta.url), "utf8");
  const programs = codeBlocks(page, "py").filter((program) => /\bPhoto\b/.test(program));
  const photo = fileURLToPath(new URL("../../examples/coffee.jpg", import.meta.url));
  copyFileSync(photo, join(python.folder, "photo.jpg"));
  // The first has what the others share.
  const text = programs.join("\n").replaceAll("http://localhost:3000", server.url);
  const lines = (await python.outputOf(["-c", text])).trim().split("\n");
  expect(lines).toHaveLength(5);
  for (const line of lines) {
    expect(line).toContain(known);
    expect(line).toMatch(/fire hydrant.*dog.*grass/);
  }
});

/** Modes that write the schema into a message. */
const prompted = `
from pydantic_ai import PromptedOutput
for mode in (instructor.Mode.JSON, instructor.Mode.MD_JSON):
    client = instructor.from_openai(OpenAI(base_url=url, api_key="none"), mode=mode)
    print(client.chat.completions.create(model="any", response_model=Photo, messages=messages, max_retries=0))
print(Agent(OpenAIChatModel("any", provider=provider), output_type=PromptedOutput(Photo)).run_sync(
    [BinaryContent(photo, media_type="image/jpeg")]
).output)
parser = PydanticOutputParser(pydantic_object=Photo)
said = {"role": "system", "content": parser.get_format_instructions()}
print((chat | parser).invoke([said, *messages]))
`;

testUnless(python.missing, "libraries that write the schema into a message fill a class too", async () => {
  await using server = await knowingServer();
  const setUp = codeBlocks(readFileSync(new URL("../../docs/clients.md", import.meta.url), "utf8"), "py").filter(
    (program) => /BaseModel|import instructor|ChatOpenAI|pydantic_ai/.test(program),
  );
  copyFileSync(fileURLToPath(new URL("../../examples/coffee.jpg", import.meta.url)), join(python.folder, "photo.jpg"));
  const imports = "from langchain_core.output_parsers import PydanticOutputParser\n";
  const text = `${imports}${setUp.join("\n")}${prompted}`.replaceAll("http://localhost:3000", server.url);
  const lines = (await python.outputOf(["-c", text])).trim().split("\n");
  expect(lines).toHaveLength(7);
  for (const line of lines) {
    expect(line).toContain(known);
    expect(line).toMatch(/fire hydrant.*dog.*grass/);
  }
});

/** What wraps a class, and what offers functions without demanding a call. */
const wrapping = `
from typing import Iterable
class Alt(BaseModel):
    alt_text: str
asked = {"model": "any", "messages": messages, "max_retries": 0}
parallel = instructor.from_openai(OpenAI(base_url=url, api_key="none"), mode=instructor.Mode.PARALLEL_TOOLS)
print(*parallel.chat.completions.create(response_model=Iterable[Photo | Alt], **asked))
for mode in (instructor.Mode.TOOLS, instructor.Mode.JSON_SCHEMA, instructor.Mode.RESPONSES_TOOLS, instructor.Mode.MD_JSON):
    client = instructor.from_openai(OpenAI(base_url=url, api_key="none"), mode=mode)
    print(client.chat.completions.create(response_model=list[Photo], **asked))
    print(client.chat.completions.create(response_model=instructor.Maybe(Photo), **asked).result)
client = instructor.from_openai(OpenAI(base_url=url, api_key="none"))
print(*client.chat.completions.create_iterable(response_model=Photo, **asked))
print([last for last in model.as_structured_llm(Photo).stream_chat([ChatMessage(role="user", blocks=blocks)])][-1].raw)
photo_part = BinaryContent(photo, media_type="image/jpeg")
for kind in (list[Photo], [Alt, Photo], NativeOutput([Photo, Alt])):
    print(Agent(OpenAIChatModel("any", provider=provider), output_type=kind).run_sync([photo_part]).output)
print(Agent(OpenAIChatModel("any", provider=provider), output_type=list[str]).run_sync([photo_part]).output)
`;

testUnless(
  python.missing,
  "libraries that wrap a class, or wait for calls that they do not demand, get theirs",
  async () => {
    await using server = await knowingServer();
    const setUp = codeBlocks(readFileSync(new URL("../../docs/clients.md", import.meta.url), "utf8"), "py").filter(
      (program) => /BaseModel|import instructor|llama_index|pydantic_ai/.test(program),
    );
    copyFileSync(
      fileURLToPath(new URL("../../examples/coffee.jpg", import.meta.url)),
      join(python.folder, "photo.jpg"),
    );
    const imports = "from pydantic_ai import NativeOutput\n";
    const text = `${imports}${setUp.join("\n")}${wrapping}`.replaceAll("http://localhost:3000", server.url);
    const lines = (await python.outputOf(["-c", text])).trim().split("\n");
    expect(lines).toHaveLength(18);
    expect(lines.at(-1)).toBe("['fire hydrant', 'dog', 'grass']");
    for (const line of lines.slice(0, -1)) expect(line).toContain(known);
    expect(lines[3]).toMatch(/caption=.*tags=.*alt_text=/);
  },
);
