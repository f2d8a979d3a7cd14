// node structured.mjs URL PHOTO: what libraries for structured output send. Run it in a folder with the packages ai,
// @ai-sdk/openai-compatible, @langchain/openai, @langchain/core and zod. Each call fails, which does not matter here.
import { readFile } from "node:fs/promises";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { HumanMessage } from "@langchain/core/messages";
import { ChatOpenAI } from "@langchain/openai";
import { generateText, Output, streamText, tool } from "ai";
import { z } from "zod";

const [address, path] = process.argv.slice(2);
const baseURL = `${address}/v1`;
const photo = await readFile(path);
const schema = z.object({ caption: z.string().describe("One sentence"), tags: z.array(z.string()) });
const attempt = (work) => work().catch((error) => console.error(error.name));

const messages = [
  {
    role: "user",
    content: [
      { type: "text", text: "Describe" },
      { type: "image", image: photo },
    ],
  },
];
const sdk = (client) => ({
  messages,
  maxRetries: 0,
  model: createOpenAICompatible({
    name: "edgecap",
    baseURL,
    supportsStructuredOutputs: true,
    headers: { "x-client": client },
  })("any"),
});
const tools = { photo: tool({ description: "What a photo shows", inputSchema: schema }) };
await attempt(() => generateText({ ...sdk("ai-sdk-object"), output: Output.object({ schema }) }));
await attempt(() => generateText({ ...sdk("ai-sdk-tool"), tools, toolChoice: "required" }));
await attempt(() => {
  const toolChoice = { type: "tool", toolName: "photo" };
  return streamText({ ...sdk("ai-sdk-tool-stream"), tools, toolChoice, onError: () => {} }).consumeStream();
});

const url = `data:image/png;base64,${photo.toString("base64")}`;
const asked = [new HumanMessage({ content: [{ type: "image_url", image_url: { url } }] })];
for (const method of ["functionCalling", "jsonSchema"]) {
  const defaultHeaders = { "x-client": `langchain-js-${method}` };
  const chat = new ChatOpenAI({
    model: "any",
    apiKey: "none",
    maxRetries: 0,
    configuration: { baseURL, defaultHeaders },
  });
  await attempt(() => chat.withStructuredOutput(schema, { method, name: "photo" }).invoke(asked));
}
