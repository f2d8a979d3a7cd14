/** JavaScript's clients, unchanged, print what they get of a photo: one line of JSON. */
import { readFile } from "node:fs/promises";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { AzureKeyCredential } from "@azure/core-auth";
import createAzure from "@azure-rest/ai-vision-image-analysis";
import { HumanMessage } from "@langchain/core/messages";
import { ChatOllama } from "@langchain/ollama";
import { ChatOpenAI } from "@langchain/openai";
import { Agent, OpenAIChatCompletionsModel, OpenAIResponsesModel, run, setTracingDisabled } from "@openai/agents";
import { generateText, Output, streamText } from "ai";
import { createOllama } from "ai-sdk-ollama";
import { Ollama } from "ollama";
import OpenAI from "openai";
import { zodResponseFormat } from "openai/helpers/zod";
import { z } from "zod";

const [, , address, key, file] = process.argv;
const photo = await readFile(file);
const url = `data:image/jpeg;base64,${photo.toString("base64")}`;
const Photo = z.object({ caption: z.string(), tags: z.array(z.string()) });
const model = "any";
const got = {};

/** What a promise is rejected with. */
const failure = (work) =>
  work.then(
    () => "nothing was thrown",
    (error) => error,
  );

async function textOf(stream) {
  let text = "";
  for await (const part of stream) text += part;
  return text;
}

// OpenAI
const openai = new OpenAI({ baseURL: `${address}/v1`, apiKey: key, maxRetries: 0 });
const messages = [{ role: "user", content: [{ type: "image_url", image_url: { url } }] }];
got.openai = (await openai.chat.completions.create({ model, messages })).choices[0].message.content;
const response_format = zodResponseFormat(Photo, "photo");
got.openai_schema = (
  await openai.chat.completions.parse({ model, messages, response_format })
).choices[0].message.parsed;
const streaming = openai.chat.completions.stream({ model, messages });
got.openai_stream = await streaming.finalContent();
const input = [{ role: "user", content: [{ type: "input_image", image_url: url, detail: "auto" }] }];
got.openai_response = (await openai.responses.create({ model, input })).output_text;
const responding = openai.responses.stream({ model, input });
got.openai_response_stream = (await responding.finalResponse()).output_text;
const refused = await failure(
  openai.chat.completions.create({ model, messages: [{ role: "user", content: "What?" }] }),
);
got.openai_error = [refused.constructor.name, refused.status, refused.code];
const stranger = new OpenAI({ baseURL: `${address}/v1`, apiKey: "wrong", maxRetries: 0 });
got.openai_stranger = (await failure(stranger.models.list())).constructor.name;

// OpenAI's Agents
setTracingDisabled(true);
const asked = [{ role: "user", content: [{ type: "input_image", image: url }] }];
for (const [name, Model] of [
  ["agents_chat", OpenAIChatCompletionsModel],
  ["agents_response", OpenAIResponsesModel],
]) {
  const agent = (more) => new Agent({ name: "Photos", model: new Model(openai, model), ...more });
  got[name] = (await run(agent({}), asked)).finalOutput;
  got[`${name}_schema`] = (await run(agent({ outputType: Photo }), asked)).finalOutput;
  const running = await run(agent({}), asked, { stream: true });
  got[`${name}_stream`] = await textOf(running.toTextStream());
}

// LangChain
const human = new HumanMessage({ content: [{ type: "image_url", image_url: { url } }] });
const headers = { authorization: `Bearer ${key}` };
for (const [name, chat, methods] of [
  [
    "langchain_openai",
    new ChatOpenAI({ model, apiKey: key, maxRetries: 0, configuration: { baseURL: `${address}/v1` } }),
    ["jsonSchema", "functionCalling"],
  ],
  [
    "langchain_ollama",
    new ChatOllama({ model, baseUrl: address, maxRetries: 0, headers }),
    ["jsonSchema", "functionCalling"],
  ],
]) {
  got[name] = (await chat.invoke([human])).content;
  let text = "";
  for await (const part of await chat.stream([human])) text += part.content;
  got[`${name}_stream`] = text;
  for (const method of methods)
    got[`${name}_${method}`] = await chat.withStructuredOutput(Photo, { name: "photo", method }).invoke([human]);
}

// The AI SDK
const compatible = createOpenAICompatible({
  name: "edgecap",
  baseURL: `${address}/v1`,
  apiKey: key,
  supportsStructuredOutputs: true,
});
const ask = [{ role: "user", content: [{ type: "file", mediaType: "image/jpeg", data: photo }] }];
for (const [name, language] of [
  ["ai", compatible(model)],
  ["ai_ollama", createOllama({ baseURL: address, headers })(model)],
]) {
  const common = { model: language, messages: ask, maxRetries: 0 };
  got[name] = (await generateText(common)).text;
  got[`${name}_stream`] = await textOf(streamText(common).textStream);
  got[`${name}_object`] = (await generateText({ ...common, output: Output.object({ schema: Photo }) })).output;
  got[`${name}_array`] = (await generateText({ ...common, output: Output.array({ element: z.string() }) })).output;
}
const choice = Output.choice({ options: ["cat", "dog", "house"] });
got.ai_choice = (await generateText({ model: compatible(model), messages: ask, maxRetries: 0, output: choice })).output;

// Ollama
const ollama = new Ollama({ host: address, headers });
const images = [photo];
got.ollama = (await ollama.generate({ model, prompt: "", images })).response;
got.ollama_chat = (await ollama.chat({ model, messages: [{ role: "user", content: "tags", images }] })).message.content;
const format = z.toJSONSchema(Photo);
got.ollama_schema = JSON.parse((await ollama.generate({ model, prompt: "", images, format })).response);
got.ollama_stream = "";
for await (const part of await ollama.generate({ model, prompt: "", images, stream: true }))
  got.ollama_stream += part.response;
got.ollama_models = (await ollama.list()).models.map(({ name }) => name);
got.ollama_error = (await failure(ollama.generate({ model, prompt: "What?" }))).message;

// Azure
const azure = createAzure(address, new AzureKeyCredential(key), { allowInsecureConnection: true });
const analysed = await azure.path("/imageanalysis:analyze").post({
  body: photo,
  queryParameters: { features: ["Caption", "Tags"] },
  contentType: "application/octet-stream",
});
got.azure = [analysed.body.captionResult.text, analysed.body.tagsResult.values.map(({ name }) => name)];

console.log(JSON.stringify(got));
