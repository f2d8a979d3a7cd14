import { type Static, Type } from "@sinclair/typebox";
import packageJson from "../../../package.json" with { type: "json" };
import { type Answer, answerOf, type Choice } from "../chat/answer.ts";
import { checkedBody } from "../chat/messages.ts";
import { noteHeaders } from "../chat/notes.ts";
import { nullable } from "../chat/nullable.ts";
import { type Chatting, taskOf } from "../chat/question.ts";
import { type StreamShape, streamAnswer } from "../chat/stream.ts";
import { seedSchema, writingOf, writingSchemas } from "../chat/writing.ts";
import { answer, captionProblems, type Operation, otherProblems, type Route } from "../openapi.ts";
import { readJson } from "../pictures.ts";
import { notReady, type ProblemCode } from "../problem.ts";
import { json } from "../responses.ts";
import { openAiError, openAiRefusal } from "./openai_errors.ts";
import { noteHeader } from "./openai_routes.ts";
import { openAiErrorSchema } from "./openai_schemas.ts";

const errors = (codes: readonly ProblemCode[]) => otherProblems(codes, "An error.", openAiErrorSchema);

const open = { additionalProperties: true };

const bodySchema = Type.Object(
  {
    prompt: Type.Optional(
      Type.Union([
        Type.String(),
        Type.Object({ prompt_string: Type.String(), multimodal_data: Type.Optional(Type.Array(Type.String())) }, open),
      ]),
    ),
    image_data: Type.Optional(
      Type.Array(Type.Object({ data: Type.String() }, open), { description: "Pictures in base64." }),
    ),
    n_predict: Type.Optional(Type.Integer({ description: "Most words of the caption; below 1 means no limit." })),
    temperature: Type.Optional(Type.Number({ minimum: 0, maximum: 100 })),
    top_p: Type.Optional(Type.Number({ minimum: 0, maximum: 1 })),
    top_k: Type.Optional(Type.Integer({ minimum: -1, maximum: 1_000_000 })),
    seed: Type.Optional(seedSchema),
    stream: Type.Optional(Type.Boolean({ description: "Word by word, as server-sent events." })),
    json_schema: Type.Optional(Type.Unknown({ description: "The schema of an object with a caption or labels." })),
    ...writingSchemas,
  },
  open,
);

type Body = Static<typeof bodySchema>;

const completionSchema = Type.Object(
  {
    content: Type.String(),
    stop: Type.Boolean(),
    model: Type.String(),
    stop_type: Type.String(),
    tokens_predicted: Type.Integer(),
    tokens_evaluated: Type.Integer(),
  },
  open,
);

const propsSchema = Type.Object(
  {
    default_generation_settings: Type.Object({}, open),
    total_slots: Type.Integer(),
    model_alias: Type.String(),
    modalities: Type.Object({ vision: Type.Boolean(), audio: Type.Boolean() }),
    build_info: Type.String(),
  },
  open,
);

const completion: Operation = {
  operationId: "llamaCompletion",
  summary: "Captions pictures, as llama.cpp's server does.",
  description: "docs/clients.md says what a prompt can change.",
  tags: ["llama.cpp"],
  requestBody: { required: true, content: { "application/json": { schema: nullable(bodySchema) } } },
  responses: {
    "200": {
      ...answer("The caption, one line per picture.", {
        "application/json": completionSchema,
        "text/event-stream": Type.String(),
      }),
      headers: noteHeader,
    },
    ...errors(captionProblems),
  },
};

const health: Operation = {
  operationId: "llamaHealth",
  summary: "Tells whether the server can caption, as llama.cpp's server does.",
  tags: ["llama.cpp"],
  security: [],
  responses: {
    "200": answer("The server can caption.", { "application/json": Type.Object({ status: Type.String() }) }),
    ...errors(["not-ready", "draining"]),
  },
};

const props: Operation = {
  operationId: "llamaProps",
  summary: "What the model reads, as in llama.cpp's API.",
  tags: ["llama.cpp"],
  responses: {
    "200": answer("The model reads pictures.", { "application/json": propsSchema }),
    ...errors(["not-ready", "token-invalid"]),
  },
};

/**
 * The routes of llama.cpp's own API; its server also has OpenAI's.
 *
 * @param taking Lets a route accept pictures.
 * @param checkReady Throws unless the server can caption.
 * @param workers Number of pictures that are captioned at once.
 */
export function llamaRoutes(
  chatting: Chatting,
  taking: (answer: Route["answer"]) => Route["answer"],
  checkReady: () => void,
  workers: number,
): Route[] {
  const refusal = openAiRefusal;
  return [
    {
      method: "POST",
      path: "/completion",
      operation: completion,
      answer: taking((request) => complete(request, chatting)),
      refusal,
    },
    {
      method: "GET",
      path: "/health",
      operation: health,
      answer: () => {
        checkReady();
        return json({ status: "ok" });
      },
      refusal,
    },
    { method: "GET", path: "/props", operation: props, answer: () => properties(chatting, workers), refusal },
  ];
}

async function complete(request: Request, chatting: Chatting): Promise<Response> {
  const body = await readJson(request, chatting.limits);
  const asked: Body = checkedBody(bodySchema, body.json);
  const { prompt = "", image_data: images = [] } = asked;
  const { prompt_string: text, multimodal_data: more = [] } =
    typeof prompt === "string" ? { prompt_string: prompt } : prompt;
  const task = await taskOf(
    {
      pictures: [...images.map(({ data }) => data), ...more],
      prompt: text,
      maxTokens: asked.n_predict,
      temperature: asked.temperature,
      topP: asked.top_p,
      topK: asked.top_k,
      seed: asked.seed,
      ...writingOf(asked),
      json: isSchema(asked.json_schema) ? { schema: asked.json_schema } : undefined,
    },
    body,
    chatting,
  );
  const named = () => ({ index: 0, model: chatting.model()?.name ?? "edgecap" });
  const ended = (answered: Answer, content: string) => ({ ...named(), content, ...ending(answered) });
  if (asked.stream === true) {
    const data = (value: unknown) => `data: ${JSON.stringify(value)}\n\n`;
    const shape: StreamShape = {
      contentType: "text/event-stream; charset=utf-8",
      keepAlive: ": ping\n\n",
      begin: () => "",
      piece: ({ text: content }) => data({ ...named(), content, tokens: [], stop: false }),
      end: (answered) => data(ended(answered, "")),
      failed: (problem) => data({ error: openAiError(problem) }),
    };
    return streamAnswer(request, task, chatting, shape);
  }
  const answered = await answerOf(request, task, chatting);
  return json(ended(answered, choiceOf(answered).text), noteHeaders(answered.notes));
}

/** An empty schema allows everything, as llama.cpp has it by default. */
function isSchema(value: unknown): boolean {
  return typeof value === "object" && value !== null && Object.keys(value).length > 0;
}

function choiceOf({ choices }: Answer): Choice {
  return choices[0]!;
}

/** How a completion ended, and how long it took; a cached caption reports the time of its making. */
function ending(answered: Answer): object {
  const { words, cut } = choiceOf(answered);
  const sum = (part: (timing: Answer["captions"][number]["timing"]) => number) =>
    answered.captions.reduce((ms, { timing }) => ms + part(timing), 0);
  return {
    ...{ tokens: [], stop: true, stop_type: cut ? "limit" : "eos", stopping_word: "", truncated: false },
    ...{ tokens_predicted: words, tokens_evaluated: answered.captions.length },
    timings: {
      prompt_n: answered.captions.length,
      prompt_ms: sum(({ imageMs, encodeMs }) => imageMs + encodeMs),
      predicted_n: words,
      predicted_ms: sum(({ generateMs }) => generateMs),
    },
  };
}

function properties({ model }: Chatting, workers: number): Response {
  const card = model();
  if (card === undefined) throw notReady();
  return json({
    default_generation_settings: { n_ctx: card.maxWords ?? 0, params: {} },
    total_slots: workers,
    model_alias: card.name,
    model_path: card.name,
    modalities: { vision: true, audio: false },
    chat_template: "",
    build_info: `edgecap ${packageJson.version}`,
  });
}
