import type { Caption, CaptionEvent, CaptionWord } from "../../caption/caption.ts";
import { captionStream } from "../../caption/stream.ts";
import { EdgecapError, faultOf } from "../../errors.ts";
import { sentence } from "../../text/sentence.ts";
import { Problem, problemOf } from "../problem.ts";
import { captionOne, note } from "../routes/captions.ts";
import type { Fill } from "./json_answer.ts";
import type { Note } from "./notes.ts";
import type { Chatting, Task } from "./question.ts";

/** A part of an answer, in reading order. */
export interface Piece {
  /** Index of the answer among the requested ones, from 0. */
  readonly choice: number;
  /** Index of the call that it belongs to, from 0, if the answer consists of calls. */
  readonly call: number;
  /** The text that it adds to the answer, including spaces. */
  readonly text: string;
  /** The word of the caption, if it is one. */
  readonly word?: CaptionWord;
}

/** One of the requested answers. */
export interface Choice {
  readonly text: string;
  /** The same by calls, if the answer consists of calls: the arguments of each. */
  readonly calls: readonly string[];
  /** Number of words. */
  readonly words: number;
  /** Whether it ended at the word limit. */
  readonly cut: boolean;
}

/** The complete answer to a question. */
export interface Answer {
  readonly choices: readonly Choice[];
  readonly pieces: readonly Piece[];
  readonly captions: readonly Caption[];
  readonly notes: readonly Note[];
}

/**
 * Answers a question piece by piece. Each of several pictures gets one line, in order.
 *
 * @param live Whether to yield pieces while the words are decided.
 * @param left Aborted when the client disconnects; aborted here when the answer ends early.
 * @returns The whole answer, after the last piece.
 */
export async function* answerInPieces(
  request: Request,
  task: Task,
  chatting: Chatting,
  live: boolean,
  left: AbortController,
): AsyncGenerator<Piece, Answer, undefined> {
  if (task.reply !== undefined) return yield* replied(task.reply, task);
  note(request, task.pictures);
  const signal = AbortSignal.any([request.signal, left.signal]);
  const aloud = live && task.aloud;
  const runs = task.pictures.map((picture) => {
    const work = (onWord: (word: CaptionWord) => void, stop: AbortSignal) =>
      captionOne(picture, request, chatting, { signal: stop, emptyToo: true, ...(aloud && { onWord }) }).then(
        ({ caption }) => caption,
      );
    return begun(captionStream(work, signal));
  });
  try {
    const pieces: Piece[] = [];
    const captions: Caption[] = [];
    // The JSON for several pictures is a single text, which has to wait for all of them.
    for (const [place, run] of runs.entries()) {
      const line = new Line(captions.length > 0 && task.fills.length === 0 ? "\n" : "");
      let caption: Caption | undefined;
      try {
        for await (const event of run) {
          if (event.type === "caption") caption = event.caption;
          else yield* noted(pieces, line.add(event));
        }
      } catch (error) {
        throw runs.length > 1 ? ofPicture(place, error) : error;
      }
      captions.push(caption!);
      if (task.fills.length === 0) yield* noted(pieces, ...line.rest(caption!, lineOf(caption!, task)));
    }
    for (const [call, fill] of task.fills.entries()) yield* noted(pieces, ...inWords(jsonOf(captions, fill), call));
    const others = task.length === undefined ? otherChoices(captions) : [];
    for (const { text, place } of others) yield* noted(pieces, { choice: place, call: 0, text });
    return { pieces, captions, ...summary(pieces, captions, task, others.length + 1) };
  } finally {
    left.abort();
  }
}

/** The whole answer at once. */
export async function answerOf(request: Request, task: Task, chatting: Chatting): Promise<Answer> {
  const pieces = answerInPieces(request, task, chatting, false, new AbortController());
  for (;;) {
    const step = await pieces.next();
    if (step.done) return step.value;
  }
}

/** The answer to a message without a picture. */
function* replied(reply: string, { limit, notes }: Task): Generator<Piece, Answer, undefined> {
  const words = inWords(reply);
  const pieces = words.slice(0, limit);
  yield* pieces;
  const text = pieces.map((piece) => piece.text).join("");
  const cut = pieces.length < words.length;
  return { pieces, captions: [], choices: [{ text, calls: [text], words: pieces.length, cut }], notes };
}

/** Starts a stream now, not when it is first read, so that pictures are captioned in parallel. */
function begun(events: AsyncGenerator<CaptionEvent, void, undefined>): AsyncIterable<CaptionEvent> {
  const first = events.next();
  // It may fail before it is read.
  first.catch(() => {});
  return {
    async *[Symbol.asyncIterator]() {
      const step = await first;
      if (step.done) return;
      yield step.value;
      yield* events;
    },
  };
}

/** With several pictures, an error names its picture. */
function ofPicture(place: number, error: unknown): unknown {
  if (!(error instanceof EdgecapError) || faultOf(error.code) !== "picture") return error;
  const problem = problemOf(error);
  return new Problem(problem.code, `Picture ${place + 1}: ${problem.message}`, problem.headers, { cause: error });
}

function* noted(all: Piece[], ...pieces: readonly Piece[]): Generator<Piece, void, undefined> {
  for (const piece of pieces) {
    all.push(piece);
    yield piece;
  }
}

/** The line of one picture as it grows. */
class Line {
  readonly #words: string[] = [];
  #before: string;
  #said = "";

  /** @param before The separator from the line above. */
  constructor(before: string) {
    this.#before = before;
  }

  add(event: CaptionWord & { readonly type?: string }): Piece {
    const { type: _, ...word } = event;
    this.#words.push(word.text);
    const now = sentence(this.#words);
    const text = this.#before + now.slice(this.#said.length);
    this.#before = "";
    this.#said = now;
    return { choice: 0, call: 0, text, word };
  }

  /** The rest to send when the caption is complete: all of it, if its words were not sent one by one. */
  rest(caption: Caption, whole: string): Piece[] {
    if (this.#words.length > 0) return [];
    const { words } = caption;
    if (words.length > 0 && sentence(words.map(({ text }) => text)) === whole)
      return words.map((word) => this.add(word));
    return inWords(this.#before + whole);
  }
}

/** A text in pieces of one word, with the spaces before it. */
function inWords(text: string, call = 0): Piece[] {
  const parts = text.match(/\s*\S+|\s+$/g) ?? [];
  return parts.map((part) => ({ choice: 0, call, text: part }));
}

function lineOf(of: Caption, { form, length, limit = Number.POSITIVE_INFINITY }: Task): string {
  const { caption, concepts, alternatives } = of;
  if (form === "sentence") {
    if (length === undefined) return caption;
    const sign = length === "short" ? 1 : -1;
    // Of captions with equal length the most probable stays first.
    const texts = [caption, ...alternatives.map((one) => one.caption)];
    return texts.sort((a, b) => sign * (wordsIn(a) - wordsIn(b)))[0]!;
  }
  const names = concepts.map(({ name }) => name);
  if (form === "word") return names.find((name) => !name.includes(" ")) ?? names[0] ?? "";
  let words = 0;
  const kept = names.filter((name) => {
    words += wordsIn(name);
    return words <= limit;
  });
  return kept.join(", ");
}

function jsonOf(captions: readonly Caption[], fill: Fill): string {
  const objects = captions.map((caption) => fill(caption));
  return JSON.stringify(objects.length === 1 ? objects[0] : { pictures: objects });
}

/** The further answers: the next best captions of each picture. */
function otherChoices(captions: readonly Caption[]): { text: string; place: number }[] {
  const count = Math.min(...captions.map(({ alternatives }) => alternatives.length));
  return Array.from({ length: count }, (_, place) => ({
    text: captions.map(({ alternatives }) => alternatives[place]!.caption).join("\n"),
    place: place + 1,
  }));
}

function summary(
  pieces: readonly Piece[],
  captions: readonly Caption[],
  { form, fills, limit, notes }: Task,
  count: number,
): Pick<Answer, "choices" | "notes"> {
  const sentences = form === "sentence" && fills.length === 0;
  const choices = Array.from({ length: count }, (_, place) => {
    const own = pieces.filter(({ choice }) => choice === place);
    const textOf = (parts: readonly Piece[]) => parts.map((piece) => piece.text).join("");
    const text = textOf(own);
    const calls = fills.map((_, index) => textOf(own.filter(({ call }) => call === index)));
    const cut = place === 0 && sentences && limit !== undefined && captions.some((one) => isCut(one, limit));
    return { text, calls, words: wordsIn(text), cut };
  });
  const empty: Note[] = [];
  if (form !== "sentence" && captions.some(({ concepts }) => concepts.length === 0)) empty.push("no-keywords");
  const reasons = captions.map(({ caption, reason }) => reason ?? (caption === "" ? "unsure" : undefined));
  if (form === "sentence") empty.push(...reasons.filter((reason) => reason !== undefined));
  return { choices, notes: [...notes, ...empty] };
}

/** A caption that ends by itself is less probable than its words, because its end counts too. */
function isCut({ words, logProbability }: Caption, limit: number): boolean {
  const sum = words.reduce((all, word) => all + word.logProbability, 0);
  return words.length >= limit && Math.abs(logProbability - sum) < 1e-6;
}

function wordsIn(text: string): number {
  return text.match(/\S+/g)?.length ?? 0;
}
