import { type Answer, answerOf, type Choice, type Piece } from "../chat/answer.ts";
import { checkedBody, lastTurn, tokenLogprobs, unixSeconds } from "../chat/messages.ts";
import { noteHeaders } from "../chat/notes.ts";
import { type Chatting, taskOf } from "../chat/question.ts";
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
  const { response_format: format } = chat;
  const { call, toolsUnused } = callingOf(chat);
  const task = await taskOf(
    {
      ...lastTurn(chat.messages),
      count: chat.n,
      maxTokens: chat.max_completion_tokens ?? chat.max_tokens,
      temperature: chat.temperature,
      topP: chat.top_p,
      ...writingOf(chat),
      seed: chat.seed,
      json:
        format?.type === "json_schema"
          ? { schema: format.json_schema?.schema }
          : format?.type === "json_object"
            ? true
            : undefined,
      call,
      toolsUnused,
      topLogprobs: (chat.top_logprobs ?? 0) > 0,
      greetings: true,
    },
    body,
    chatting,
  );
  const head = { id: `chatcmpl-${contextOf(request).id}`, created: unixSeconds() };
  const named = () => ({ ...head, model: chatting.model()?.name ?? "edgecap" });
  if (chat.stream === true) return streamAnswer(request, task, chatting, chunks(named, chat, head.id, call));
  const answer = await answerOf(request, task, chatting);
  const completion = {
    ...named(),
    object: "chat.completion",
    choices: answer.choices.map((choice, index) => ({
      index,
      message: { role: "assistant", refusal: null, ...said(choice.text, head.id, call) },
      logprobs:
        chat.logprobs === true && index === 0 && call === undefined
          ? { content: tokenLogprobs(answer.pieces), refusal: null }
          : null,
      finish_reason: finishOf(choice, call),
    })),
    usage: usageOf(answer),
  };
  return json(completion, noteHeaders(answer.notes));
}

function finishOf({ cut }: Choice, call: Call | undefined): string {
  if (call !== undefined) return call.old ? "function_call" : "tool_calls";
  return cut ? "length" : "stop";
}

/** A text as the content of a message, or as the arguments of a call. In a stream, a call needs its place. */
function said(text: string, id: string, call: Call | undefined, place: { readonly index?: number } = {}): object {
  if (call === undefined) return { content: text };
  const called = { name: call.name, arguments: text };
  if (call.old) return { content: null, function_call: called };
  return { content: null, tool_calls: [{ ...place, id: callId(id), type: "function", function: called }] };
}

/** A part of a text, in a stream that has begun. */
function saidNext(text: string, call: Call | undefined): object {
  if (call === undefined) return { content: text };
  if (call.old) return { function_call: { arguments: text } };
  return { tool_calls: [{ index: 0, function: { arguments: text } }] };
}

function callId(id: string): string {
  return id.replace("chatcmpl-", "call_");
}

function usageOf({ captions, choices }: Answer): object {
  const words = choices.reduce((sum, choice) => sum + choice.words, 0);
  return { prompt_tokens: captions.length, completion_tokens: words, total_tokens: captions.length + words };
}

/** A chat's stream: a chunk for the role, one for each word, one for the end, and an optional one for the usage. */
function chunks(named: () => object, chat: ChatBody, id: string, call: Call | undefined): StreamShape {
  const counts = chat.stream_options?.include_usage === true;
  const roles = new Set<number>();
  const data = (value: unknown) => `data: ${JSON.stringify(value)}\n\n`;
  const chunk = (choices: readonly object[], usage: object | null = null) =>
    data({ ...named(), object: "chat.completion.chunk", choices, ...(counts && { usage }) });
  const choice = (index: number, delta: object, more: object = {}) =>
    chunk([{ index, delta, logprobs: null, finish_reason: null, ...more }]);
  const role = (index: number) => {
    if (roles.has(index)) return "";
    roles.add(index);
    return choice(index, { role: "assistant", refusal: null, ...said("", id, call, { index: 0 }) });
  };
  const logprobs = (piece: Piece) =>
    chat.logprobs === true && piece.word !== undefined
      ? { logprobs: { content: tokenLogprobs([piece]), refusal: null } }
      : {};
  return {
    contentType: "text/event-stream; charset=utf-8",
    keepAlive: ": ping\n\n",
    begin: () => role(0),
    piece: (piece) => role(piece.choice) + choice(piece.choice, saidNext(piece.text, call), logprobs(piece)),
    end: (answer) =>
      answer.choices
        .map((one, index) => role(index) + choice(index, {}, { finish_reason: finishOf(one, call) }))
        .join("") +
      (counts ? chunk([], usageOf(answer)) : "") +
      "data: [DONE]\n\n",
    failed: (problem) => data({ error: openAiError(problem) }),
  };
}
