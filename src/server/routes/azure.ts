import { type Static, Type } from "@sinclair/typebox";
import { Value } from "@sinclair/typebox/value";
import { probeImage } from "../../image/decode.ts";
import type { JobOptions } from "../../pool/messages.ts";
import type { Chatting } from "../chat/question.ts";
import { confidenceOf } from "../confidence_of.ts";
import { answer, captionProblems, type Operation, type Route } from "../openapi.ts";
import { type Picture, readInputs, readJson } from "../pictures.ts";
import { Problem, type ProblemCode, statusOf } from "../problem.ts";
import { json } from "../responses.ts";
import { captionOne, note } from "./captions.ts";

const sure = Type.Number({ minimum: 0, maximum: 1 });
const tag = Type.Object({ name: Type.String(), confidence: sure });

const analysisSchema = Type.Object({
  modelVersion: Type.String(),
  captionResult: Type.Optional(Type.Object({ text: Type.String(), confidence: sure })),
  tagsResult: Type.Optional(Type.Object({ values: Type.Array(tag) })),
  metadata: Type.Object({ width: Type.Integer(), height: Type.Integer() }),
});

const errorSchema = Type.Object({
  error: Type.Object({
    code: Type.String(),
    message: Type.String(),
    innererror: Type.Object({ code: Type.String(), message: Type.String() }),
  }),
});

const urlSchema = Type.Object({ url: Type.String() });

/** Visual features that are answered, in lower case. */
const answered = ["caption", "tags"];

/** Client errors get status 400 in Azure's format, unless their status is more specific. */
const statuses: Partial<Record<number, number>> = { 415: 400, 422: 400 };

const parameters = [
  ["features", "Parts of the answer: caption, tags, or both, separated by a comma.", true, Type.String()],
  ["language", "en, the only one.", false, Type.String()],
  ["gender-neutral-caption", "Person and child instead of man, woman, boy and girl.", false, Type.Boolean()],
] as const;

const operation: Operation = {
  operationId: "analyzeImage",
  summary: "Captions a picture as Azure's Image Analysis 4.0 does.",
  description: "A token may also come as Ocp-Apim-Subscription-Key. Other parameters of Azure are ignored.",
  tags: ["azure"],
  parameters: parameters.map(([name, description, required, schema]) => ({
    ...{ name, in: "query", required, description, schema },
  })),
  requestBody: {
    required: true,
    content: {
      "application/octet-stream": { schema: Type.String({ format: "binary" }) },
      "application/json": { schema: urlSchema },
    },
  },
  responses: {
    "200": answer("The caption and the tags.", { "application/json": analysisSchema }),
    ...errors(captionProblems),
  },
};

/** The route of Azure's API; see {@linkcode openAiRoutes}. */
export function azureRoute(chatting: Chatting, taking: (answer: Route["answer"]) => Route["answer"]): Route {
  return {
    method: "POST",
    path: "/computervision/imageanalysis:analyze",
    operation,
    answer: taking((request) => analyze(request, chatting)),
    refusal: azureRefusal,
  };
}

async function analyze(request: Request, chatting: Chatting): Promise<Response> {
  const query = new URL(request.url).searchParams;
  const features = featuresOf(query);
  const options = optionsOf(query);
  const picture = { ...(await pictureOf(request, chatting)), options };
  note(request, [picture]);
  const { caption } = await captionOne(picture, request, chatting);
  const { width, height } = await probeImage(picture.bytes, chatting.maxPixels);
  const { name = "edgecap", version } = chatting.model() ?? {};
  const analysis: Static<typeof analysisSchema> = {
    modelVersion: version === undefined ? name : `${name}-${version}`,
    ...(features.has("caption") && { captionResult: { text: caption.caption, confidence: confidenceOf(caption) } }),
    ...(features.has("tags") && {
      tagsResult: { values: caption.concepts.map(({ name, probability }) => ({ name, confidence: probability })) },
    }),
    metadata: { width, height },
  };
  return json(analysis);
}

function featuresOf(query: URLSearchParams): ReadonlySet<string> {
  const wanted = query.getAll("features").flatMap((list) => list.split(","));
  const features = new Set(wanted.map((feature) => feature.trim().toLowerCase()).filter((feature) => feature !== ""));
  const [unknown] = [...features].filter((feature) => !answered.includes(feature));
  if (features.size === 0 || unknown !== undefined) {
    const what =
      unknown === undefined
        ? "The request names no visual feature"
        : `There is no feature "${unknown.slice(0, 60)}" here`;
    throw new Problem("request-invalid", `${what}: ask for features=caption, tags or both.`);
  }
  const language = query.get("language") ?? "en";
  if (!/^en\b/i.test(language)) {
    throw new Problem(
      "request-invalid",
      `Captions are in English, not in "${language.slice(0, 20)}": ask for language=en.`,
    );
  }
  return features;
}

/** The one option of a caption that Azure has; absent, the operator's own choice counts. */
function optionsOf(query: URLSearchParams): JobOptions {
  const name = "gender-neutral-caption";
  const given = query.get(name);
  if (given === null) return {};
  const text = given.toLowerCase();
  if (text !== "true" && text !== "false")
    throw new Problem("option-invalid", `${name} is "${given.slice(0, 20)}": send true or false.`);
  return { neutral: text === "true" };
}

async function pictureOf(request: Request, { limits }: Chatting): Promise<Picture> {
  if (!/^application\/json\b/i.test(request.headers.get("content-type") ?? "")) return readInputs(request, limits);
  const { json, bytesOf } = await readJson(request, limits);
  if (!Value.Check(urlSchema, json)) {
    throw new Problem("body-invalid", 'The JSON body has no "url": send it, or send the bytes as the body.');
  }
  const [bytes] = await bytesOf([json.url]);
  return { name: "-", bytes: bytes!, options: {} };
}

/** The answer to a refused request in Azure's format. */
function azureRefusal({ status, code, message, headers }: Problem): Response {
  const kind = status === 401 ? "401" : status >= 500 ? "InternalServerError" : "InvalidRequest";
  const body: Static<typeof errorSchema> = { error: { code: kind, message, innererror: { code, message } } };
  return new Response(JSON.stringify(body), {
    status: statuses[status] ?? status,
    headers: { "content-type": "application/json", "cache-control": "no-store", "x-ms-error-code": kind, ...headers },
  });
}

function errors(codes: readonly ProblemCode[]): Record<string, object> {
  const shape = answer("An error; the code of the inner error says which.", { "application/json": errorSchema });
  const found = codes.map((code) => statuses[statusOf(code)] ?? statusOf(code));
  return Object.fromEntries(found.map((status) => [String(status), shape]));
}
