import { type Static, Type } from "@sinclair/typebox";
import { toolSchemas } from "../chat/tool_call.ts";
import { seedSchema, writingSchemas } from "../chat/writing.ts";

const open = { additionalProperties: true };

const images = Type.Array(Type.String(), { description: "Pictures in base64." });

/** Options of a caption in Ollama's format; others have no effect. */
const optionsSchema = Type.Object(
  {
    temperature: Type.Optional(
      Type.Number({
        minimum: 0,
        maximum: 100,
        description: "Above 0.2, words are drawn at random. Default 0: the best caption.",
      }),
    ),
    top_p: Type.Optional(Type.Number({ minimum: 0, maximum: 1 })),
    top_k: Type.Optional(Type.Integer({ minimum: -1, maximum: 1_000_000, description: "Below 1 means all words." })),
    seed: Type.Optional(seedSchema),
    ...writingSchemas,
    num_predict: Type.Optional(Type.Integer({ description: "Most words of the caption; below 1 means no limit." })),
  },
  open,
);

const shared = {
  model: Type.Optional(Type.String({ description: "Any name; there is only one model." })),
  stream: Type.Optional(Type.Boolean({ description: "Whether the answer is streamed line by line. Default true." })),
  format: Type.Optional(
    Type.Union([Type.Literal("json"), Type.Literal(""), Type.Object({}, open)], {
      description: "json, or the JSON schema of an object with a caption or labels.",
    }),
  ),
  options: Type.Optional(optionsSchema),
  logprobs: Type.Optional(Type.Boolean()),
  keep_alive: Type.Optional(Type.Unknown({ description: "No effect: the model stays loaded." })),
};

/** The body of `POST /api/generate`; other fields have no effect. */
export const generateBodySchema = Type.Object(
  {
    prompt: Type.Optional(Type.String()),
    system: Type.Optional(Type.String({ description: "Only a JSON schema in it has an effect." })),
    images: Type.Optional(images),
    ...shared,
  },
  open,
);

/** The body of `POST /api/chat`; other fields have no effect. */
export const ollamaChatBodySchema = Type.Object(
  {
    messages: Type.Optional(
      Type.Array(
        Type.Object(
          { role: Type.String(), content: Type.Optional(Type.String()), images: Type.Optional(images) },
          open,
        ),
        { description: "The server captions the pictures of the last turn that has any." },
      ),
    ),
    ...toolSchemas,
    ...shared,
  },
  open,
);

/** The body of a generation or of a chat. */
export type OllamaBody = Static<typeof generateBodySchema> & Static<typeof ollamaChatBodySchema>;

/** The body of `POST /api/show`. */
export const showBodySchema = Type.Object(
  { model: Type.Optional(Type.String()), name: Type.Optional(Type.String()) },
  open,
);

const nanoseconds = Type.Integer({ minimum: 0, description: "Nanoseconds." });
const count = Type.Integer({ minimum: 0 });

/** The last line of an answer, or all of it. */
const doneProperties = {
  model: Type.String(),
  created_at: Type.String({ format: "date-time" }),
  done: Type.Boolean(),
  done_reason: Type.Optional(Type.String()),
  total_duration: Type.Optional(nanoseconds),
  load_duration: Type.Optional(nanoseconds),
  prompt_eval_count: Type.Optional(count),
  prompt_eval_duration: Type.Optional(nanoseconds),
  eval_count: Type.Optional(count),
  eval_duration: Type.Optional(nanoseconds),
};

/** A line of the answer of `POST /api/generate`. */
export const generateAnswerSchema = Type.Object({ ...doneProperties, response: Type.String() });

/** A line of the answer of `POST /api/chat`. */
export const ollamaChatAnswerSchema = Type.Object({
  ...doneProperties,
  message: Type.Object({
    role: Type.Literal("assistant"),
    content: Type.String(),
    tool_calls: Type.Optional(
      Type.Array(Type.Object({ function: Type.Object({ name: Type.String(), arguments: Type.Object({}, open) }) })),
    ),
  }),
});

const details = Type.Object({
  parent_model: Type.String(),
  format: Type.String(),
  family: Type.String(),
  families: Type.Array(Type.String()),
  parameter_size: Type.String(),
  quantization_level: Type.String(),
});

const model = { name: Type.String(), model: Type.String(), size: count, digest: Type.String(), details };

/** The answer of `GET /api/tags`. */
export const tagsSchema = Type.Object({
  models: Type.Array(Type.Object({ ...model, modified_at: Type.String({ format: "date-time" }) })),
});

/** The answer of `GET /api/ps`. */
export const psSchema = Type.Object({
  models: Type.Array(Type.Object({ ...model, expires_at: Type.String({ format: "date-time" }), size_vram: count })),
});

/** The answer of `POST /api/show`. */
export const showSchema = Type.Object(
  { details, model_info: Type.Object({}, open), capabilities: Type.Array(Type.String()) },
  open,
);

/** The answer of `GET /api/version`. */
export const versionSchema = Type.Object({ version: Type.String() });

/** An error in Ollama's format. */
export const ollamaErrorSchema = Type.Object({ error: Type.String() });
