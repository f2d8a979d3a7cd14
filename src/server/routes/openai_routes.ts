import { Type } from "@sinclair/typebox";
import { noteMeanings } from "../chat/notes.ts";
import { nullable } from "../chat/nullable.ts";
import type { Chatting } from "../chat/question.ts";
import { answer, captionProblems, type Operation, otherProblems, type Route } from "../openapi.ts";
import type { ProblemCode } from "../problem.ts";
import { chatCompletions } from "./openai_chat.ts";
import { openAiRefusal } from "./openai_errors.ts";
import { openAiModel } from "./openai_models.ts";
import { responses } from "./openai_responses.ts";
import {
  chatBodySchema,
  chatCompletionSchema,
  openAiErrorSchema,
  openAiModelSchema,
  responseSchema,
  responsesBodySchema,
} from "./openai_schemas.ts";

const errors = (codes: readonly ProblemCode[]) =>
  otherProblems(codes, "An error; its code says which.", openAiErrorSchema);

/** Remarks in an answer's headers. */
export const noteHeader = {
  "edgecap-note": {
    description: `How the prompt was understood: ${Object.keys(noteMeanings).join(", ")}.`,
    schema: Type.String(),
  },
};

const text = Type.String();

const chatOperation: Operation = {
  operationId: "createChatCompletion",
  summary: "Captions the pictures of a chat, as in OpenAI's API.",
  description: "docs/clients.md says what a prompt can change.",
  tags: ["openai"],
  requestBody: { required: true, content: { "application/json": { schema: nullable(chatBodySchema) } } },
  responses: {
    "200": {
      ...answer("The caption, one line per picture.", {
        "application/json": chatCompletionSchema,
        "text/event-stream": text,
      }),
      headers: noteHeader,
    },
    ...errors(captionProblems),
  },
};

const responsesOperation: Operation = {
  operationId: "createResponse",
  summary: "Captions pictures, as in OpenAI's newer API.",
  description: "Responses are not stored. docs/clients.md says what a prompt can change.",
  tags: ["openai"],
  requestBody: { required: true, content: { "application/json": { schema: nullable(responsesBodySchema) } } },
  responses: {
    "200": {
      ...answer("The caption, one line per picture.", {
        "application/json": responseSchema,
        "text/event-stream": text,
      }),
      headers: noteHeader,
    },
    ...errors(captionProblems),
  },
};

const modelOperation: Operation = {
  operationId: "retrieveModel",
  summary: "The model, by name.",
  tags: ["openai"],
  parameters: [{ name: "id", in: "path", required: true, schema: Type.String({ minLength: 1 }) }],
  responses: {
    "200": answer("The model.", { "application/json": openAiModelSchema }),
    ...errors(["model-unknown", "not-ready", "token-invalid"]),
  },
};

/**
 * The routes of OpenAI's API.
 *
 * @param taking Lets a route accept pictures.
 */
export function openAiRoutes(chatting: Chatting, taking: (answer: Route["answer"]) => Route["answer"]): Route[] {
  const refusal = openAiRefusal;
  return [
    {
      method: "POST",
      path: "/v1/chat/completions",
      operation: chatOperation,
      answer: taking((request) => chatCompletions(request, chatting)),
      refusal,
    },
    {
      method: "POST",
      path: "/v1/responses",
      operation: responsesOperation,
      answer: taking((request) => responses(request, chatting)),
      refusal,
    },
    {
      method: "GET",
      path: "/v1/models/{id}",
      operation: modelOperation,
      answer: (request) => openAiModel(request, chatting),
      refusal,
    },
  ];
}
