import type { ModelCard } from "../../pool/messages.ts";
import { unixSeconds } from "../chat/messages.ts";
import type { Chatting } from "../chat/question.ts";
import { notReady, Problem } from "../problem.ts";
import { json } from "../responses.ts";

/** Answers `GET /v1/models` for edgecap's and OpenAI's clients. */
export function bothModels({ model, since }: Chatting): Response {
  const card = model();
  if (card === undefined) throw notReady();
  return json({ object: "list", data: [entry(card, since)], models: [card] });
}

/** Answers `GET /v1/models/{id}`. */
export function openAiModel(request: Request, { model, since }: Chatting): Response {
  const card = model();
  if (card === undefined) throw notReady();
  const id = decoded(new URL(request.url).pathname.slice("/v1/models/".length));
  if (id !== card.name) throw unknownModel(id, card);
  return json(entry(card, since));
}

function entry({ name }: ModelCard, since: Date): object {
  return { id: name, object: "model", created: unixSeconds(since), owned_by: "edgecap" };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** The problem of an unknown model. */
function unknownModel(id: string, { name }: ModelCard): Problem {
  return new Problem("model-unknown", `There is no model ${JSON.stringify(id.slice(0, 60))} here: use "${name}".`);
}
