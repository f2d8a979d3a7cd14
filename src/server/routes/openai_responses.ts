import { type Answer, answerOf, type Piece } from "../chat/answer.ts";
import { checkedBody, lastTurn, tokenLogprobs, unixSeconds } from "../chat/messages.ts";
import { noteHeaders } from "../chat/notes.ts";
import { type Chatting, type Question, taskOf } from "../chat/question.ts";
import { type StreamShape, streamAnswer } from "../chat/stream.ts";
import { type Call, callingOf } from "../chat/tool_call.ts";
import { writingOf } from "../chat/writing.ts";
import { readJson } from "../pictures.ts";
import type { Problem } from "../problem.ts";
import { contextOf } from "../request_context.ts";
import { json } from "../responses.ts";
import { openAiError } from "./openai_errors.ts";
import { type ResponsesBody, responsesBodySchema } from "./openai_schemas.ts";

/** Answers `POST /v1/responses`. Responses are not stored, so they cannot be retrieved later. */
export async function responses(request: Request, chatting: Chatting): Promise<Response> {
  const body = await readJson(request, chatting.limits);
  const asked = checkedBody(responsesBodySchema, body.json);
  const messages = typeof asked.input === "string" ? [{ role: "user", content: asked.input }] : asked.input;
  const { calls, toolsUnused } = callingOf(asked, messages.at(-1)?.type === "function_call_output");
  const turn = lastTurn(messages);
  const task = await taskOf(
    {
      ...turn,
      instructions: `${asked.instructions ?? ""}\n${turn.instructions}`,
      maxTokens: asked.max_output_tokens,
      temperature: asked.temperature,
      topP: asked.top_p,
      ...writingOf(asked),
      json: jsonOf(asked.text?.format),
      calls,
      toolsUnused,
      topLogprobs: (asked.top_logprobs ?? 0) > 0,
    },
    body,
    chatting,
  );
  const made = new Made(contextOf(request).id, asked, calls, () => chatting.model()?.name ?? "edgecap");
  if (asked.stream === true) return streamAnswer(request, task, chatting, events(made));
  const answer = await answerOf(request, task, chatting);
  return json(made.finished(answer), noteHeaders(answer.notes));
}

/**
 * Longest field of a request that its response repeats, in characters: the memory of an answer that waits for a slow
 * client is not counted.
 */
const longestEcho = 16_384;

/** A field as the response repeats it, or what stands for one that is too long. */
function echoed<T, Other>(field: T, other: Other): T | Other {
  return (JSON.stringify(field) ?? "").length > longestEcho ? other : field;
}

/** The fields of a request that its response repeats. */
function echoOf({ instructions, text, tools, tool_choice: choice }: ResponsesBody): object {
  return {
    instructions: echoed(instructions ?? null, null),
    text: { format: echoed(text?.format ?? { type: "text" }, { type: text?.format?.type.slice(0, 64) }) },
    tool_choice: echoed(choice ?? (tools === undefined ? "none" : "auto"), "auto"),
    tools: echoed(tools ?? [], []),
  };
}

/** What a format asks for. Karakeep calls JSON mode `json`. */
function jsonOf(format: NonNullable<ResponsesBody["text"]>["format"]): Question["json"] {
  if (format?.type === "json_schema") return { schema: format.schema };
  return format?.type === "json_object" || format?.type === "json" ? true : undefined;
}

/** A response in progress. */
class Made {
  /** The calls that the response consists of; otherwise it is a message. */
  readonly calls: readonly Call[];
  readonly #requestId: string;
  readonly #created = unixSeconds();
  readonly #asked: ResponsesBody;
  readonly #echo: object;
  readonly #model: () => string;

  constructor(requestId: string, asked: ResponsesBody, calls: readonly Call[], model: () => string) {
    this.#requestId = requestId;
    this.calls = calls;
    this.#asked = asked;
    this.#echo = echoOf(asked);
    this.#model = model;
  }

  /** The id of an item of the output, by its place. */
  itemId(place = 0): string {
    return `${this.calls.length === 0 ? "msg" : "fc"}_${this.#requestId}${place === 0 ? "" : `_${place}`}`;
  }

  begun(): object {
    return this.#response("in_progress", [], null, null);
  }

  finished(answer: Answer): object {
    const { words, cut } = answer.choices[0]!;
    const usage = {
      input_tokens: answer.captions.length,
      input_tokens_details: { cached_tokens: 0, cache_write_tokens: 0 },
      output_tokens: words,
      output_tokens_details: { reasoning_tokens: 0 },
      total_tokens: answer.captions.length + words,
    };
    const details = cut ? { reason: "max_output_tokens" } : null;
    return this.#response(cut ? "incomplete" : "completed", this.items(answer), usage, details);
  }

  items(answer: Answer): object[] {
    const { calls: texts, cut } = answer.choices[0]!;
    if (this.calls.length > 0) return this.calls.map((_, place) => this.called(place, texts[place]!, "completed"));
    const status = cut ? "incomplete" : "completed";
    return [{ id: this.itemId(), type: "message", role: "assistant", status, content: [this.part(answer)] }];
  }

  called(place: number, text: string, status: string): object {
    const id = this.itemId(place);
    const name = this.calls[place]?.name;
    return { id, type: "function_call", call_id: id.replace("fc_", "call_"), name, arguments: text, status };
  }

  part({ choices, pieces }: Answer): object {
    return { type: "output_text", text: choices[0]!.text, annotations: [], logprobs: this.logprobs(pieces) };
  }

  logprobs(pieces: readonly Piece[]): object[] {
    return this.#asked.include?.includes("message.output_text.logprobs") ? tokenLogprobs(pieces) : [];
  }

  #response(status: string, output: readonly object[], usage: object | null, incomplete: object | null): object {
    const { max_output_tokens: limit, temperature, top_p: topP } = this.#asked;
    return {
      id: `resp_${this.#requestId}`,
      object: "response",
      created_at: this.#created,
      status,
      error: null,
      incomplete_details: incomplete,
      max_output_tokens: limit ?? null,
      metadata: {},
      model: this.#model(),
      output,
      parallel_tool_calls: this.#asked.parallel_tool_calls ?? true,
      previous_response_id: null,
      reasoning: { effort: null, summary: null },
      store: false,
      temperature: temperature ?? null,
      top_p: topP ?? null,
      truncation: "disabled",
      usage,
      ...this.#echo,
    };
  }
}

/** Writes an event of a stream. */
type WriteEvent = (type: string, more: object) => string;

/** A response's stream: events that build it up, then the complete response. */
function events(made: Made): StreamShape {
  let number = 0;
  const event = (type: string, more: object) =>
    `event: ${type}\ndata: ${JSON.stringify({ type, sequence_number: number++, ...more })}\n\n`;
  const place = { item_id: made.itemId(), output_index: 0, content_index: 0 };
  if (made.calls.length > 0) return callEvents(made, event);
  return {
    contentType: "text/event-stream; charset=utf-8",
    keepAlive: ": ping\n\n",
    begin: () => {
      const item = { id: made.itemId(), type: "message", role: "assistant", status: "in_progress", content: [] };
      const part = { type: "output_text", text: "", annotations: [], logprobs: [] };
      return (
        event("response.created", { response: made.begun() }) +
        event("response.in_progress", { response: made.begun() }) +
        event("response.output_item.added", { output_index: 0, item }) +
        event("response.content_part.added", { ...place, part })
      );
    },
    piece: (piece) =>
      event("response.output_text.delta", { ...place, delta: piece.text, logprobs: made.logprobs([piece]) }),
    end: (answer) => {
      const [choice] = answer.choices;
      const logprobs = made.logprobs(answer.pieces);
      return (
        event("response.output_text.done", { ...place, text: choice!.text, logprobs }) +
        event("response.content_part.done", { ...place, part: made.part(answer) }) +
        event("response.output_item.done", { output_index: 0, item: made.items(answer)[0] }) +
        event(choice!.cut ? "response.incomplete" : "response.completed", { response: made.finished(answer) })
      );
    },
    failed: (problem) => failure(problem, event),
  };
}

/** The same for a response that consists of calls, one after the other. */
function callEvents(made: Made, event: WriteEvent): StreamShape {
  const texts: string[] = [];
  const opened = (place: number) =>
    event("response.output_item.added", { output_index: place, item: made.called(place, "", "in_progress") });
  const closed = (place: number) => {
    const text = texts[place] ?? "";
    const at = { item_id: made.itemId(place), output_index: place };
    return (
      event("response.function_call_arguments.done", { ...at, name: made.calls[place]?.name, arguments: text }) +
      event("response.output_item.done", { output_index: place, item: made.called(place, text, "completed") })
    );
  };
  return {
    contentType: "text/event-stream; charset=utf-8",
    keepAlive: ": ping\n\n",
    begin: () =>
      event("response.created", { response: made.begun() }) +
      event("response.in_progress", { response: made.begun() }) +
      opened(0),
    piece: ({ call: place, text }) => {
      const begins = place > 0 && texts[place] === undefined;
      texts[place] = (texts[place] ?? "") + text;
      const at = { item_id: made.itemId(place), output_index: place };
      return (
        (begins ? closed(place - 1) + opened(place) : "") +
        event("response.function_call_arguments.delta", { ...at, delta: text })
      );
    },
    end: (answer) => closed(made.calls.length - 1) + event("response.completed", { response: made.finished(answer) }),
    failed: (problem) => failure(problem, event),
  };
}

function failure(problem: Problem, event: WriteEvent): string {
  const { message, code } = openAiError(problem);
  return event("error", { code, message, param: null });
}
