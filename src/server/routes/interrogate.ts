import { Type } from "@sinclair/typebox";
import { checkedBody } from "../chat/messages.ts";
import { nullable } from "../chat/nullable.ts";
import type { Chatting } from "../chat/question.ts";
import { answer, captionProblems, type Operation, problems, type Route } from "../openapi.ts";
import { readJson } from "../pictures.ts";
import { json } from "../responses.ts";
import { captionOne, note } from "./captions.ts";

const bodySchema = Type.Object(
  {
    image: Type.String({ description: "The picture in base64, or as a data URL." }),
    model: Type.Optional(
      Type.String({
        description: "A name with booru or tag in it, such as deepdanbooru, asks for nouns. Default clip.",
      }),
    ),
  },
  { additionalProperties: true },
);

const operation: Operation = {
  operationId: "interrogate",
  summary: "Captions a picture, as the web UI for Stable Diffusion and KoboldCpp do.",
  tags: ["stable diffusion"],
  requestBody: { required: true, content: { "application/json": { schema: nullable(bodySchema) } } },
  responses: {
    "200": answer("The sentence, or nouns separated by commas.", {
      "application/json": Type.Object({ caption: Type.String() }),
    }),
    ...problems(captionProblems),
  },
};

/** The route that programs ask which caption pictures with Automatic1111's web UI, or with KoboldCpp. */
export function interrogateRoute(chatting: Chatting, taking: (answer: Route["answer"]) => Route["answer"]): Route {
  return {
    method: "POST",
    path: "/sdapi/v1/interrogate",
    operation,
    answer: taking((request) => interrogate(request, chatting)),
  };
}

async function interrogate(request: Request, chatting: Chatting): Promise<Response> {
  const body = await readJson(request, chatting.limits);
  const { image, model = "clip" } = checkedBody(bodySchema, body.json);
  const [bytes] = await body.bytesOf([image]);
  const picture = { name: "image", bytes: bytes!, options: {} };
  note(request, [picture]);
  const { caption } = await captionOne(picture, request, chatting);
  const nouns = caption.concepts.map(({ name }) => name);
  return json({ caption: /booru|tag/i.test(model) ? nouns.join(", ") : caption.caption });
}
