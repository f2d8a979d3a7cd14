import { createHash } from "node:crypto";
import packageJson from "../../../package.json" with { type: "json" };
import type { ModelCard } from "../../pool/messages.ts";
import { checkedBody } from "../chat/messages.ts";
import type { Chatting } from "../chat/question.ts";
import { readJson } from "../pictures.ts";
import { notReady } from "../problem.ts";
import { json } from "../responses.ts";
import { showBodySchema } from "./ollama_schemas.ts";

/** A model stays loaded as long as the server runs; Ollama uses a time like this for that. */
const never = "2318-01-01T00:00:00Z";

/** A model's name with a tag, as Ollama's clients expect it. */
export function tagged(name: string): string {
  return `${name}:latest`;
}

/** Answers `GET /api/tags`. */
export function ollamaTags(chatting: Chatting): Response {
  return json({ models: [{ ...entry(cardOf(chatting)), modified_at: chatting.since.toISOString() }] });
}

/** Answers `GET /api/ps`. */
export function ollamaPs(chatting: Chatting): Response {
  return json({ models: [{ ...entry(cardOf(chatting)), expires_at: never, size_vram: 0 }] });
}

/** Answers `GET /api/version`: with edgecap's own. */
export function ollamaVersion(): Response {
  return json({ version: packageJson.version });
}

/** Answers `POST /api/show` for any name, because programs ask for their model there before they use it. */
export async function ollamaShow(request: Request, chatting: Chatting): Promise<Response> {
  const body = await readJson(request, chatting.limits);
  checkedBody(showBodySchema, body.json);
  const card = cardOf(chatting);
  return json({
    modelfile: `# ${card.name} captions pictures and has no modelfile.\n`,
    parameters: "",
    template: "",
    details: detailsOf(card),
    model_info: {
      "general.architecture": card.preset ?? "",
      "general.name": card.name,
      "general.version": card.version ?? "",
      "edgecap.vocabulary": card.vocabulary ?? 0,
      "edgecap.backend": card.backend ?? "",
    },
    // Without "tools", by which editors and agents choose models that decide which function to call.
    capabilities: ["completion", "vision"],
    modified_at: chatting.since.toISOString(),
  });
}

function cardOf({ model }: Chatting): ModelCard {
  const card = model();
  if (card === undefined) throw notReady();
  return card;
}

function entry(card: ModelCard): object {
  const name = tagged(card.name);
  // Clients show the first digits, and compare them to detect a changed model.
  const digest = createHash("sha256").update(JSON.stringify(card)).digest("hex");
  return { name, model: name, size: card.bytes ?? 0, digest, details: detailsOf(card) };
}

function detailsOf({ preset = "", precision = "" }: ModelCard): object {
  return {
    parent_model: "",
    format: "onnx",
    family: preset,
    families: [preset],
    parameter_size: "",
    quantization_level: precision,
  };
}
