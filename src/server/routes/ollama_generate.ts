import type { TSchema } from "@sinclair/typebox";
import { type Answer, answerOf, type Piece } from "../chat/answer.ts";
import { checkedBody, type LastTurn, lastTurn, tokenLogprobs } from "../chat/messages.ts";
import { noteHeaders } from "../chat/notes.ts";
import { type Chatting, taskOf } from "../chat/question.ts";
import { type StreamShape, streamAnswer } from "../chat/stream.ts";
import { type Call, type Calling, ollamaCallingOf } from "../chat/tool_call.ts";
import { writingOf } from "../chat/writing.ts";
import { readJson } from "../pictures.ts";
import { Problem } from "../problem.ts";
import { json } from "../responses.ts";
import { tagged } from "./ollama_models.ts";
import { generateBodySchema, type OllamaBody, ollamaChatBodySchema } from "./ollama_schemas.ts";

/** Answers `POST /api/generate`. */
export function ollamaGenerate(request: Request, chatting: Chatting): Promise<Response> {
  const asked = ({ prompt, images, system }: OllamaBody) => ({
    ...{ pictures: images ?? [], prompt: prompt ?? "", instructions: system ?? "" },
    ...{ calls: [], toolsUnused: false, others: [] },
  });
  return answered(request, chatting, generateBodySchema, asked, (response) => ({ response }));
}

/** Answers `POST /api/chat`. */
export function ollamaChat(request: Request, chatting: Chatting): Promise<Response> {
  const asked = (body: OllamaBody) => {
    const { messages = [] } = body;
    const turn = lastTurn(
      messages.map(({ role, content, images }) => ({
        role,
        content: [
          { type: "text", text: content ?? "" },
          ...(images ?? []).map((image) => ({ type: "image_url", image_url: image })),
        ],
      })),
    );
    return { ...turn, ...ollamaCallingOf(body, messages.at(-1)?.role === "tool") };
  };
  const shown = (content: string, calls: readonly Call[] = [], texts: readonly string[] = []) => ({
    message: { role: "assistant", ...(calls.length === 0 ? { content } : called(calls, texts)) },
  });
  return answered(request, chatting, ollamaChatBodySchema, asked, shown);
}

/** A message that calls functions: their arguments are objects here. */
function called(calls: readonly Call[], texts: readonly string[]): object {
  const made = calls.map(({ name }, index) => ({ name, arguments: JSON.parse(texts[index]!) as unknown }));
  return { content: "", tool_calls: made.map((one) => ({ function: one })) };
}

/** How an answer is written, with the arguments of its calls if it consists of them. */
type Shown = (text: string, calls?: readonly Call[], texts?: readonly string[]) => object;

async function answered(
  request: Request,
  chatting: Chatting,
  schema: TSchema,
  questionOf: (body: OllamaBody) => LastTurn & Calling,
  shown: Shown,
): Promise<Response> {
  const started = performance.now();
  const body = await readJson(request, chatting.limits);
  const asked = checkedBody(schema, body.json) as OllamaBody;
  const head = () => ({ model: tagged(chatting.model()?.name ?? "edgecap"), created_at: new Date().toISOString() });
  const question = questionOf(asked);
  // Programs send this to load or unload a model.
  if (question.pictures.length === 0 && question.prompt === "") {
    checkPath(asked);
    const reason = asked.keep_alive === 0 || asked.keep_alive === "0" ? "unload" : "load";
    return json({ ...head(), ...shown(""), done: true, done_reason: reason });
  }
  const { options, format } = asked;
  const task = await taskOf(
    {
      ...question,
      maxTokens: options?.num_predict,
      temperature: options?.temperature,
      topP: options?.top_p,
      ...writingOf(options ?? {}),
      topK: options?.top_k,
      seed: options?.seed,
      json: format === "json" ? true : typeof format === "object" ? { schema: format } : undefined,
    },
    body,
    chatting,
  );
  const logprobs = (pieces: readonly Piece[]) => (asked.logprobs === true ? { logprobs: tokenLogprobs(pieces) } : {});
  const done = (answer: Answer) => ({
    done: true,
    done_reason: answer.choices[0]!.cut ? "length" : "stop",
    ...durations(answer, started),
  });
  if (asked.stream !== false)
    return streamAnswer(request, task, chatting, lines(head, shown, logprobs, done, question.calls));
  const answer = await answerOf(request, task, chatting);
  const { text, calls: texts } = answer.choices[0]!;
  return json(
    { ...head(), ...shown(text, question.calls, texts), ...done(answer), ...logprobs(answer.pieces) },
    noteHeaders(answer.notes),
  );
}

/** @throws {Problem} `images-missing` if a body is that of the other path, so that its pictures would be lost. */
function checkPath({ messages = [], prompt, images }: OllamaBody): void {
  const right = messages.some((message) => (message.images?.length ?? 0) > 0)
    ? "/api/chat"
    : prompt || images?.length
      ? "/api/generate"
      : undefined;
  if (right === undefined) return;
  const read = right === "/api/chat" ? "messages" : '"prompt" and "images"';
  throw new Problem("images-missing", `Only ${right} reads ${read}: send the request there.`);
}

/** How long each part took, in nanoseconds; a cached caption reports the time of its making. */
function durations({ captions, choices }: Answer, started: number): object {
  const sum = (part: (timing: Answer["captions"][number]["timing"]) => number) =>
    Math.round(captions.reduce((ms, { timing }) => ms + part(timing), 0) * 1e6);
  return {
    total_duration: Math.round((performance.now() - started) * 1e6),
    load_duration: 0,
    prompt_eval_count: captions.length,
    prompt_eval_duration: sum(({ imageMs, encodeMs }) => imageMs + encodeMs),
    eval_count: choices[0]!.words,
    eval_duration: sum(({ generateMs }) => generateMs),
  };
}

/** An answer's stream: one line of JSON for each word or for all calls, and one with the durations. */
function lines(
  head: () => object,
  shown: Shown,
  logprobs: (pieces: readonly Piece[]) => object,
  done: (answer: Answer) => object,
  calls: readonly Call[],
): StreamShape {
  const line = (value: object) => `${JSON.stringify(value)}\n`;
  return {
    contentType: "application/x-ndjson",
    begin: () => "",
    piece: (piece) =>
      calls.length === 0 ? line({ ...head(), ...shown(piece.text), done: false, ...logprobs([piece]) }) : "",
    end: (answer) => {
      const { text, calls: texts } = answer.choices[0]!;
      const called = calls.length === 0 ? "" : line({ ...head(), ...shown(text, calls, texts), done: false });
      return called + line({ ...head(), ...shown(""), ...done(answer) });
    },
    failed: ({ message }) => line({ error: message }),
  };
}
