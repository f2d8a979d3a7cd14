import { type Answer, answerOf, type Choice, type Piece } from "../chat/answer.ts";
import { checkedBody, lastTurn, tokenLogprobs, unixSeconds } from "../chat/messages.ts";
import { noteHeaders } from "../chat/notes.ts";
import { type Chatting, type Question, taskOf } from "../chat/question.ts";
import { type StreamShape, streamAnswer } from "../chat/stream.ts";
import { type Call, callingOf } from "../chat/tool_call.ts";
import { writingOf } from "../chat/writing.ts";
import { readJson } from "../pictures.ts";
import { contextOf } from "../request_context.ts";
import { json } from "../responses.ts";
import { openAiError } from "./openai_errors.ts";
import { type ChatBody, chatBodySchema } from "./openai_schemas.ts";

/** Answers `POST /v1/chat/completions`. */
export async function chatCompletions(request: Request, chatting: Chatting): Promise<Response> {
  const body = await readJson(request, chatting.limits);
  const chat = checkedBody(chatBodySchema, body.json);
  const answered = ["tool", "function"].includes(chat.messages.at(-1)?.role ?? "");
  const { calls, toolsUnused } = callingOf(chat, answered);
  const task = await taskOf(
    {
      ...lastTurn(chat.messages),
      count: chat.n,
      maxTokens: chat.max_completion_tokens ?? chat.max_tokens,
      temperature: chat.temperature,
      topP: chat.top_p,
      ...writingOf(chat),
      seed: chat.seed,
      json: jsonOf(chat.response_format),
      calls,
      toolsUnused,
      topLogprobs: (chat.top_logprobs ?? 0) > 0,
      greetings: true,
    },
    body,
    chatting,
  );
  const head = { id: `chatcmpl-${contextOf(request).id}`, created: unixSeconds() };
  const named = () => ({ ...head, model: chatting.model()?.name ?? "edgecap" });
  if (chat.stream === true) return streamAnswer(request, task, chatting, chunks(named, chat, head.id, calls));
  const answer = await answerOf(request, task, chatting);
  const completion = {
    ...named(),
    object: "chat.completion",
    choices: answer.choices.map((choice, index) => ({
      index,
      message: { role: "assistant", refusal: null, ...said(choice, head.id, calls) },
      logprobs:
        chat.logprobs === true && index === 0 && calls.length === 0
          ? { content: tokenLogprobs(answer.pieces), refusal: null }
          : null,
      finish_reason: finishOf(choice, calls),
    })),
    usage: usageOf(answer),
  };
  return json(completion, noteHeaders(answer.notes));
}

/** What a format asks for. Programs made for llama.cpp or Ollama send the schema beside the type, or alone. */
function jsonOf(format: ChatBody["response_format"]): Question["json"] {
  if (format === undefined) return undefined;
  const { type, json_schema: named, schema, properties } = format;
  if (type === "json_schema") return { schema: named?.schema ?? schema };
  if (type === "json_object") return schema === undefined ? true : { schema };
  return type === "object" && properties !== undefined ? { schema: format } : undefined;
}

function finishOf({ cut }: Choice, [first]: readonly Call[]): string {
  if (first !== undefined) return first.old ? "function_call" : "tool_calls";
  return cut ? "length" : "stop";
}

/** An answer as the content of a message, or as calls. */
function said({ text, calls: texts }: Choice, id: string, calls: readonly Call[]): object {
  const [first] = calls;
  if (first === undefined) return { content: text };
  if (first.old) return { content: null, function_call: { name: first.name, arguments: text } };
  const made = calls.map((call, index) => called(call, id, index, texts[index] ?? ""));
  return { content: null, tool_calls: made };
}

function called({ name }: Call, id: string, index: number, text: string): object {
  const number = index === 0 ? "" : `_${index}`;
  return { id: id.replace("chatcmpl-", "call_") + number, type: "function", function: { name, arguments: text } };
}

/** The beginning of an answer in a stream, with that of its first call. */
function saidFirst(id: string, [first]: readonly Call[]): object {
  if (first === undefined) return { content: "" };
  if (first.old) return { content: null, function_call: { name: first.name, arguments: "" } };
  return { content: null, tool_calls: [{ index: 0, ...called(first, id, 0, "") }] };
}

/** A part of an answer in a stream, after the beginning of its call if that is new. */
function saidNext({ text, call: index }: Piece, begins: boolean, id: string, calls: readonly Call[]): object[] {
  const call = calls[index];
  if (call === undefined) return [{ content: text }];
  if (call.old) return [{ function_call: { arguments: text } }];
  const part = { tool_calls: [{ index, function: { arguments: text } }] };
  return begins ? [{ tool_calls: [{ index, ...called(call, id, index, "") }] }, part] : [part];
}

function usageOf({ captions, choices }: Answer): object {
  const words = choices.reduce((sum, choice) => sum + choice.words, 0);
  return { prompt_tokens: captions.length, completion_tokens: words, total_tokens: captions.length + words };
}

/** A chat's stream: a chunk for the role, one for each word, one for the end, and an optional one for the usage. */
function chunks(named: () => object, chat: ChatBody, id: string, calls: readonly Call[]): StreamShape {
  const counts = chat.stream_options?.include_usage === true;
  const roles = new Set<number>();
  const begun = new Set([0]);
  const data = (value: unknown) => `data: ${JSON.stringify(value)}\n\n`;
  const chunk = (choices: readonly object[], usage: object | null = null) =>
    data({ ...named(), object: "chat.completion.chunk", choices, ...(counts && { usage }) });
  const choice = (index: number, delta: object, more: object = {}) =>
    chunk([{ index, delta, logprobs: null, finish_reason: null, ...more }]);
  const role = (index: number) => {
    if (roles.has(index)) return "";
    roles.add(index);
    return choice(index, { role: "assistant", refusal: null, ...saidFirst(id, calls) });
  };
  const logprobs = (piece: Piece) =>
    chat.logprobs === true && piece.word !== undefined
      ? { logprobs: { content: tokenLogprobs([piece]), refusal: null } }
      : {};
  return {
    contentType: "text/event-stream; charset=utf-8",
    keepAlive: ": ping\n\n",
    begin: () => role(0),
    piece: (piece) => {
      const begins = !begun.has(piece.call);
      begun.add(piece.call);
      const parts = saidNext(piece, begins, id, calls);
      return role(piece.choice) + parts.map((part) => choice(piece.choice, part, logprobs(piece))).join("");
    },
    end: (answer) =>
      answer.choices
        .map((one, index) => role(index) + choice(index, {}, { finish_reason: finishOf(one, calls) }))
        .join("") +
      (counts ? chunk([], usageOf(answer)) : "") +
      "data: [DONE]\n\n",
    failed: (problem) => data({ error: openAiError(problem) }),
  };
}
