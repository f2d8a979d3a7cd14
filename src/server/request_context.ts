import type { LocalNames } from "./local_names.ts";
import type { Problem } from "./problem.ts";

/** The state of a request while it is answered. */
export interface RequestContext {
  readonly id: string;
  /** The host names that the listener answers to, if they are limited. */
  names?: LocalNames | undefined;
  /** Path of the route as documented; absent if no route matches. */
  route?: string | undefined;
  /** The format of problems for this path, if not documents of RFC 9457. */
  refusal?: ((problem: Problem, requestId: string) => Response) | undefined;
  /** Size and number of the pictures, and the origin of the captions, for the log. */
  images?: number;
  bytes?: number;
  origin?: string;
  code?: string;
  /** The error behind a 5xx answer, only for the log. */
  cause?: unknown;
  /** Set by a streamed answer: resolves when it ends. */
  ended?: Promise<void>;
  /** Memory of the request's body and pictures, released when the request ends. */
  memory?: Disposable;
}

const contexts = new WeakMap<Request, RequestContext>();

/** A client may name its request, so that its log and this one can be compared. */
const givenId = /^[A-Za-z0-9._-]{1,64}$/;

/** The context of a request, created by the first call. */
export function contextOf(request: Request): RequestContext {
  let context = contexts.get(request);
  if (context === undefined) {
    const given = request.headers.get("x-request-id") ?? "";
    context = { id: givenId.test(given) ? given : crypto.randomUUID() };
    contexts.set(request, context);
  }
  return context;
}

/** Lets two objects for the same request share one context. */
export function shareContext(request: Request, other: Request): void {
  contexts.set(other, contextOf(request));
}
