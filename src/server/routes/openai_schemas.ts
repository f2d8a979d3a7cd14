import { type Static, Type } from "@sinclair/typebox";
import { functionSchemas, toolSchemas } from "../chat/tool_call.ts";
import { seedSchema, writingSchemas } from "../chat/writing.ts";
import { modelsSchema } from "../schemas.ts";

const open = { additionalProperties: true };

/** A file in a message. A file that is not a picture has no effect. */
const fileSchemas = {
  file_data: Type.Optional(Type.String({ description: "The file as a data URL, or in base64." })),
  filename: Type.Optional(Type.String()),
};

/** A part of a message: a text, a picture, or something ignored. */
const partSchema = Type.Object(
  {
    type: Type.String({
      description:
        "text or input_text, image_url or input_image, file or input_file with a picture; others have no effect.",
    }),
    text: Type.Optional(Type.String()),
    image_url: Type.Optional(
      Type.Union([Type.String(), Type.Object({ url: Type.String() }, open)], {
        description: "The picture as a data URL or, if the operator allows its host, as an http or https URL.",
      }),
    ),
    ...fileSchemas,
    file: Type.Optional(Type.Object(fileSchemas, open)),
  },
  open,
);

/** A message, as in both of OpenAI's APIs. */
const messageSchema = Type.Object(
  {
    type: Type.Optional(Type.String()),
    role: Type.Optional(Type.String()),
    content: Type.Optional(Type.Union([Type.String(), Type.Array(partSchema)])),
  },
  open,
);

const formatSchema = Type.Object({ type: Type.String(), schema: Type.Optional(Type.Unknown()) }, open);

const sampling = {
  model: Type.Optional(Type.String({ description: "Any name; there is only one model." })),
  temperature: Type.Optional(
    Type.Number({
      minimum: 0,
      maximum: 100,
      description: "Above 0.2, words are drawn at random. Default 0: the best caption.",
    }),
  ),
  top_p: Type.Optional(Type.Number({ minimum: 0, maximum: 1, description: "Only with a temperature above 0.2." })),
  ...writingSchemas,
  ...toolSchemas,
  stream: Type.Optional(Type.Boolean()),
};

const tokens = Type.Integer({ minimum: -1, description: "Most words of the caption; below 1 means no limit." });

/** The body of `POST /v1/chat/completions`; other fields have no effect. */
export const chatBodySchema = Type.Object(
  {
    messages: Type.Array(messageSchema, {
      description: "The server captions the pictures of the last turn that has any.",
    }),
    ...sampling,
    ...functionSchemas,
    n: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 64, description: "Number of captions, if a sentence is requested." }),
    ),
    seed: Type.Optional(seedSchema),
    max_tokens: Type.Optional(tokens),
    max_completion_tokens: Type.Optional(tokens),
    logprobs: Type.Optional(Type.Boolean()),
    top_logprobs: Type.Optional(
      Type.Integer({ minimum: 0, maximum: 20, description: "The lists of likeliest words are always empty." }),
    ),
    stream_options: Type.Optional(Type.Object({ include_usage: Type.Optional(Type.Boolean()) }, open)),
    response_format: Type.Optional(
      Type.Object(
        {
          type: Type.String(),
          json_schema: Type.Optional(Type.Object({ schema: Type.Optional(Type.Unknown()) }, open)),
          schema: Type.Optional(Type.Unknown()),
          properties: Type.Optional(Type.Unknown()),
        },
        open,
      ),
    ),
  },
  open,
);

/** The body of a chat. */
export type ChatBody = Static<typeof chatBodySchema>;

/** The body of `POST /v1/responses`; other fields have no effect. */
export const responsesBodySchema = Type.Object(
  {
    input: Type.Union([Type.String(), Type.Array(messageSchema)]),
    ...sampling,
    instructions: Type.Optional(Type.String()),
    max_output_tokens: Type.Optional(tokens),
    top_logprobs: Type.Optional(Type.Integer({ minimum: 0, maximum: 20 })),
    include: Type.Optional(Type.Array(Type.String())),
    text: Type.Optional(Type.Object({ format: Type.Optional(formatSchema) }, open)),
  },
  open,
);

/** The body of a response. */
export type ResponsesBody = Static<typeof responsesBodySchema>;

const countSchema = Type.Integer({ minimum: 0 });

const tokenSchema = Type.Object({
  token: Type.String(),
  logprob: Type.Number({ maximum: 0 }),
  bytes: Type.Array(countSchema),
  top_logprobs: Type.Array(Type.Unknown(), { maxItems: 0 }),
});

const logprobsSchema = Type.Union([
  Type.Object({ content: Type.Array(tokenSchema), refusal: Type.Null() }),
  Type.Null(),
]);

const usageSchema = Type.Object({
  prompt_tokens: Type.Integer({ minimum: 0, description: "Pictures." }),
  completion_tokens: Type.Integer({ minimum: 0, description: "Words." }),
  total_tokens: countSchema,
});

const calledSchema = Type.Object({ name: Type.String(), arguments: Type.String({ description: "JSON." }) });

/** The answer of `POST /v1/chat/completions`. */
export const chatCompletionSchema = Type.Object({
  id: Type.String(),
  object: Type.Literal("chat.completion"),
  created: countSchema,
  model: Type.String(),
  choices: Type.Array(
    Type.Object({
      index: countSchema,
      message: Type.Object({
        role: Type.Literal("assistant"),
        content: Type.Union([Type.String(), Type.Null()]),
        refusal: Type.Null(),
        tool_calls: Type.Optional(
          Type.Array(Type.Object({ id: Type.String(), type: Type.Literal("function"), function: calledSchema })),
        ),
        function_call: Type.Optional(calledSchema),
      }),
      logprobs: logprobsSchema,
      finish_reason: Type.Union([
        Type.Literal("stop"),
        Type.Literal("length"),
        Type.Literal("tool_calls"),
        Type.Literal("function_call"),
      ]),
    }),
  ),
  usage: usageSchema,
});

/** The part of the answer of `POST /v1/responses` that carries information. */
export const responseSchema = Type.Object(
  {
    id: Type.String(),
    object: Type.Literal("response"),
    created_at: countSchema,
    status: Type.String(),
    model: Type.String(),
    output: Type.Array(
      Type.Union([
        Type.Object({
          id: Type.String(),
          type: Type.Literal("message"),
          role: Type.Literal("assistant"),
          status: Type.String(),
          content: Type.Array(
            Type.Object({
              type: Type.Literal("output_text"),
              text: Type.String(),
              annotations: Type.Array(Type.Unknown()),
              logprobs: Type.Array(tokenSchema),
            }),
          ),
        }),
        Type.Object({
          id: Type.String(),
          type: Type.Literal("function_call"),
          call_id: Type.String(),
          status: Type.String(),
          ...calledSchema.properties,
        }),
      ]),
    ),
  },
  open,
);

/** The answer of `GET /v1/models/{id}`. */
export const openAiModelSchema = Type.Object({
  id: Type.String(),
  object: Type.Literal("model"),
  created: countSchema,
  owned_by: Type.String(),
});

/** The answer of `GET /v1/models`: edgecap's list and OpenAI's in one. */
export const bothModelsSchema = Type.Object({
  ...modelsSchema.properties,
  object: Type.Literal("list"),
  data: Type.Array(openAiModelSchema),
});

/** An error in OpenAI's format. */
export const openAiErrorSchema = Type.Object({
  error: Type.Object({
    message: Type.String(),
    type: Type.String(),
    param: Type.Union([Type.String(), Type.Null()]),
    code: Type.Union([Type.String(), Type.Null()]),
  }),
});
