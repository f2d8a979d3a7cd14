import { Value } from "@sinclair/typebox/value";
import fc from "fast-check";
import type { Caption } from "../../../src/caption/caption.ts";
import { decodeBase64 } from "../../../src/server/base64.ts";
import { BodyMemory } from "../../../src/server/body_memory.ts";
import { fillOf } from "../../../src/server/chat/json_answer.ts";
import { checkedBody, lastTurn } from "../../../src/server/chat/messages.ts";
import { readPrompt } from "../../../src/server/chat/prompt.ts";
import { formParts } from "../../../src/server/form_parts.ts";
import { headerParameters } from "../../../src/server/header_parameters.ts";
import { parseJsonBody } from "../../../src/server/json_body.ts";
import { type PictureLimits, readInputs, readPictures } from "../../../src/server/pictures.ts";
import { chatBodySchema, responsesBodySchema } from "../../../src/server/routes/openai_schemas.ts";
import { type Reader, reader } from "./attack.ts";
import { damagedBytes, damagedJson, damagedText, damagedValue } from "./damage.ts";

const mostImages = 4;

/** Limits of one request. A server would free the memory at the end of the request; here, nothing reports that end. */
function limits(): PictureLimits {
  const body = { maxBytes: 100_000, timeoutMs: 60_000 };
  return { body, memory: new BodyMemory(1e9), maxImages: mostImages, urls: undefined };
}

const picture = "data:image/png;base64,iVBORw0KGgo=";
const part = { type: "image_url", image_url: { url: picture } };
const message = { role: "user", content: [{ type: "text", text: "What is it?" }, part] };
const chat = {
  messages: [{ role: "system", content: "Be brief." }, message, { role: "assistant", content: "a dog" }, message],
  model: "default",
  n: 2,
  temperature: 0.5,
  max_tokens: 9,
  response_format: {
    type: "json_schema",
    json_schema: {
      schema: {
        type: "object",
        properties: { caption: { type: "string" }, labels: { type: "array", items: { enum: ["dog", "cat"] } } },
        required: ["caption"],
      },
    },
  },
};
const response = { input: [message], text: { format: { type: "text" } }, max_output_tokens: 9 };
const bodies = [
  { image: picture, beams: 3, attention: true },
  [{ image: [picture, "iVBORw0KGgo"] }],
  { inputs: picture },
];

const form = [
  '--x\r\nContent-Disposition: form-data; name="image"; filename="a.png"\r\nContent-Type: image/png\r\n\r\n\x89PNG\r\n',
  "--x\r\nContent-Disposition: form-data; name=beams; filename*=utf-8''a%20b\r\n\r\n3\r\n--x--\r\n",
].join("");
const formPieces = [
  "--x",
  "\r\n",
  "\r\n\r\n",
  "--",
  ";",
  "=",
  '"',
  "\\",
  "name",
  "filename*=utf-8''%",
  "content-type:",
];
const types = ["multipart/form-data; boundary=x", "application/json", "image/png", "text/plain", ""];

function requestOf(body: Uint8Array<ArrayBuffer>, type: string, query: string): Request {
  const headers = type === "" ? {} : { "content-type": type };
  return new Request(`http://host/v1/captions?${query}`, { method: "POST", body, headers });
}

const caption: Caption = {
  caption: "a dog",
  logProbability: -1,
  words: [],
  alternatives: [],
  concepts: [{ name: "dog", probability: 0.9 }],
  timing: { imageMs: 1, encodeMs: 1, generateMs: 1 },
};

/** Readers of what clients send. */
export function serverReaders(): Reader[] {
  const anyBody = fc.oneof(damagedJson(...bodies), damagedText([form], formPieces), damagedBytes([new Uint8Array(8)]));
  const option = fc.tuple(
    fc.constantFrom("beams", "seed", "topP", "attention", "x"),
    fc.constantFrom("2", "0.5", "true", ""),
  );
  const options = fc.array(option, { maxLength: 2 }).map((pairs) => new URLSearchParams(pairs).toString());
  const query = fc.oneof(fc.constant(""), fc.constant(""), options, fc.webQueryParameters());
  const requests = fc.tuple(anyBody, fc.constantFrom(...types), query).filter(([body]) => body.length > 0);
  const headers = damagedText(
    ['form-data; name="a"; filename=b.jpg', 'multipart/form-data; boundary="a;b=c"'],
    [";", "=", '"', "\\", " "],
  );
  return [
    reader("JSON body", damagedJson(chat, ...bodies), (bytes) => parseJsonBody(bytes, 2000)),
    reader("form", damagedText([form], formPieces), (bytes) => {
      for (const { name, bytes: held } of formParts(bytes, types[0]!))
        if (name === undefined || !held) throw new Error();
    }),
    reader("header", headers, (bytes) => {
      if (headerParameters(new TextDecoder().decode(bytes)).size > 16) throw new Error("More than sixteen.");
    }),
    reader("base64", damagedText([picture, "aGVs bG8=", "_-_-"], ["=", "data:", ";base64,", "%"]), (bytes) => {
      let taken = 0;
      const text = new TextDecoder().decode(bytes);
      const decoded = decodeBase64(text, 0, (count) => {
        taken += count;
      });
      if (decoded !== undefined && decoded.length !== taken) throw new Error(`${decoded.length} of ${taken} bytes`);
    }),
    reader("request with pictures", requests, async ([body, type, text]) => {
      const { pictures } = await readPictures(requestOf(body, type, text), limits());
      if (pictures.length > mostImages) throw new Error(`${pictures.length} pictures`);
    }),
    reader("request as Hugging Face's clients send it", requests, ([body, type, text]) =>
      readInputs(requestOf(body, type, text), limits()),
    ),
    reader("chat", damagedValue(chat), (value) => {
      const body = checkedBody(chatBodySchema, value);
      readPrompt(lastTurn(body.messages).prompt);
      fillOf(body.response_format?.json_schema?.schema)(caption);
    }),
    reader("response", damagedValue(response), (value) => {
      const { input } = checkedBody(responsesBodySchema, value);
      if (typeof input !== "string") lastTurn(input);
      if (!Value.Check(responsesBodySchema, { input })) throw new Error("It was let through.");
    }),
  ];
}
