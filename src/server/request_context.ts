import type { LocalNames } from "./local_names.ts";
import type { Problem } from "./problem.ts";

/** What is known of a request while it is answered. */
export interface RequestContext {
  readonly id: string;
  /** The names that the listener answers to, where they are limited. */
  names?: LocalNames | undefined;
  /** Path of the route as the documentation has it; none where no route is found. */
  route?: string | undefined;
  /** How the client of this path reads problems, if not as documents of RFC 9457. */
  refusal?: ((problem: Problem, requestId: string) => Response) | undefined;
  /** Bytes of the images, how many, and where the captions came from, for the log. */
  images?: number;
  bytes?: number;
  origin?: string;
  code?: string;
  /** The error behind an answer of 5xx, for the log alone. */
  cause?: unknown;
  /** Set by an answer that goes on after its head: when it ends. */
  ended?: Promise<void>;
  /** Memory of the request's body and photos, which goes when the request ends. */
  memory?: Disposable;
}

const contexts = new WeakMap<Request, RequestContext>();

/** A client may name its request, so that its own log and this one can be laid side by side. */
const givenId = /^[A-Za-z0-9._-]{1,64}$/;

/** The context of a request, made at the first call. */
export function contextOf(request: Request): RequestContext {
  let context = contexts.get(request);
  if (context === undefined) {
    const given = request.headers.get("x-request-id") ?? "";
    context = { id: givenId.test(given) ? given : crypto.randomUUID() };
    contexts.set(request, context);
  }
  return context;
}

/** Lets two forms of one request have one context. */
export function shareContext(request: Request, other: Request): void {
  contexts.set(other, contextOf(request));
}
