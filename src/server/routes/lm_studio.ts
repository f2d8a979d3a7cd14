import { Type } from "@sinclair/typebox";
import type { Chatting } from "../chat/question.ts";
import { answer, type Operation, problems, type Route } from "../openapi.ts";
import { notReady } from "../problem.ts";
import { json } from "../responses.ts";

const operation: Operation = {
  operationId: "lmStudioModels",
  summary: "The list of models, which has one entry, as in LM Studio's API.",
  tags: ["openai"],
  responses: {
    "200": answer("The list.", {
      "application/json": Type.Object({
        object: Type.Literal("list"),
        data: Type.Array(
          Type.Object(
            { id: Type.String(), object: Type.Literal("model"), type: Type.Literal("vlm"), state: Type.String() },
            { additionalProperties: true },
          ),
        ),
      }),
    }),
    ...problems(["not-ready", "token-invalid"]),
  },
};

/** The list in which programs for LM Studio look for a loaded model that reads pictures. */
export function lmStudioRoute(chatting: Chatting): Route {
  return { method: "GET", path: "/api/v0/models", operation, answer: () => models(chatting) };
}

function models({ model }: Chatting): Response {
  const card = model();
  if (card === undefined) throw notReady();
  const entry = {
    ...{ id: card.name, object: "model", type: "vlm", publisher: "edgecap", arch: card.preset ?? "" },
    ...{ compatibility_type: "onnx", quantization: "", state: "loaded" },
    max_context_length: card.maxWords ?? 0,
  };
  return json({ object: "list", data: [entry] });
}
