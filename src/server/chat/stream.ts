import { textStream } from "../event_stream.ts";
import { type Problem, problemOf } from "../problem.ts";
import { contextOf } from "../request_context.ts";
import { type Answer, answerInPieces, type Piece } from "./answer.ts";
import { noteHeaders } from "./notes.ts";
import type { Chatting, Task } from "./question.ts";

/** How to write a stream in another server's format. */
export interface StreamShape {
  readonly contentType: string;
  /** Written to keep the connection alive, if the format has something that clients ignore. */
  readonly keepAlive?: string;
  /** Text before the first piece. */
  begin(): string;
  piece(piece: Piece): string;
  /** Text after the last piece. */
  end(answer: Answer): string;
  /** How to report a failure in the middle. */
  failed(problem: Problem): string;
}

/**
 * Answers a question as a stream. It begins with the first piece, so that an earlier failure gets its own status.
 *
 * @throws What captioning throws before the first piece.
 */
export async function streamAnswer(
  request: Request,
  task: Task,
  chatting: Chatting,
  shape: StreamShape,
): Promise<Response> {
  const left = new AbortController();
  const context = contextOf(request);
  const pieces = answerInPieces(request, task, chatting, true, left);
  const ready: Piece[] = [];
  let step = await pieces.next();
  // An answer that is not sent word by word is complete before its headers are written, so they can describe all of it.
  for (; !step.done && !task.aloud; step = await pieces.next()) ready.push(step.value);
  const { notes } = step.done ? step.value : task;
  const ended = Promise.withResolvers<void>();
  context.ended = ended.promise;
  const body = textStream(
    async (write) => {
      try {
        write(shape.begin());
        for (const piece of ready) write(shape.piece(piece));
        for (; !step.done; step = await pieces.next()) write(shape.piece(step.value));
        write(shape.end(step.value));
      } catch (error) {
        const problem = problemOf(error);
        context.code = problem.code;
        context.cause = problem.cause;
        write(shape.failed(problem));
      } finally {
        ended.resolve();
      }
    },
    () => left.abort(),
    shape.keepAlive,
  );
  return new Response(body, {
    headers: {
      "content-type": shape.contentType,
      "cache-control": "no-store",
      // Otherwise proxies would buffer the words until the end.
      "x-accel-buffering": "no",
      ...noteHeaders(notes),
    },
  });
}
