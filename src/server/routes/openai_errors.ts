import type { Static } from "@sinclair/typebox";
import type { Problem, ProblemCode } from "../problem.ts";
import type { openAiErrorSchema } from "./openai_schemas.ts";

type OpenAiError = Static<typeof openAiErrorSchema>["error"];

/** Codes with an equivalent in OpenAI's API. */
const codes: Partial<Record<ProblemCode, string>> = {
  "token-invalid": "invalid_api_key",
  "model-unknown": "model_not_found",
};

/** Client errors get status 400 in OpenAI's format, unless their status is more specific. */
const statuses: Partial<Record<number, number>> = { 415: 400, 422: 400 };

/** A problem in OpenAI's format. */
export function openAiError({ status, code, message }: Problem): OpenAiError {
  return {
    message,
    type: status >= 500 ? "server_error" : "invalid_request_error",
    param: code === "images-missing" ? "messages" : null,
    code: codes[code] ?? code,
  };
}

/** The answer to a refused request in OpenAI's format. */
export function openAiRefusal(problem: Problem): Response {
  return new Response(JSON.stringify({ error: openAiError(problem) }), {
    status: statuses[problem.status] ?? problem.status,
    headers: { "content-type": "application/json", "cache-control": "no-store", ...problem.headers },
  });
}

/** The same for a path that both kinds of clients use: a problem document with OpenAI's error as a member. */
export function bothRefusal(problem: Problem, requestId: string): Response {
  const document = { ...problem.document(requestId), error: openAiError(problem) };
  return new Response(JSON.stringify(document), {
    status: problem.status,
    headers: { "content-type": "application/problem+json", "cache-control": "no-store", ...problem.headers },
  });
}
