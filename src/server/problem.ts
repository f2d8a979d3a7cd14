import { EdgecapError, type ErrorCode } from "../errors.ts";
import { PoolBusyError } from "../pool/pool_busy_error.ts";

/** Codes of the server's own problems, in addition to the library's. */
export type ServerCode =
  | "accept-unsupported"
  | "body-invalid"
  | "body-timeout"
  | "body-too-large"
  | "caption-too-long"
  | "caption-unsure"
  | "encoding-unsupported"
  | "host-forbidden"
  | "images-missing"
  | "images-too-many"
  | "internal"
  | "memory-full"
  | "method-not-allowed"
  | "model-unknown"
  | "not-ready"
  | "origin-forbidden"
  | "request-invalid"
  | "route-unknown"
  | "token-invalid"
  | "type-unsupported"
  | "url-forbidden"
  | "url-unreachable";

/**
 * HTTP status and title of every problem that clients see by name; all others are `internal`. The messages of the
 * library's errors among them reveal no internals.
 */
const kinds = {
  "accept-unsupported": [406, "No such representation"],
  "body-invalid": [400, "Body not understood"],
  "body-timeout": [408, "Body too slow"],
  "body-too-large": [413, "Body too large"],
  "caption-too-long": [422, "Caption too long"],
  "caption-unsure": [422, "Caption unsure"],
  "deadline-exceeded": [503, "Too late"],
  draining: [503, "Server is shutting down"],
  "encoding-unsupported": [415, "Content encoding not supported"],
  "host-forbidden": [403, "Host not allowed"],
  "images-missing": [422, "No image"],
  "images-too-many": [413, "Too many images"],
  internal: [500, "Internal error"],
  "memory-full": [503, "Too many pictures at once"],
  "method-not-allowed": [405, "Method not allowed"],
  "model-unknown": [404, "No such model"],
  "not-ready": [503, "Not ready"],
  "origin-forbidden": [403, "Origin not allowed"],
  "queue-full": [503, "Queue full"],
  "request-invalid": [400, "Request not understood"],
  "route-unknown": [404, "No such route"],
  "token-invalid": [401, "Token missing or wrong"],
  "type-unsupported": [415, "Content type not supported"],
  "url-forbidden": [403, "Address not allowed"],
  "url-unreachable": [422, "Image not fetched"],
  "worker-lost": [500, "Worker lost"],
  "image-empty": [422, "Image empty"],
  "image-unsupported": [415, "Image format not supported"],
  "image-truncated": [422, "Image cut short"],
  "image-corrupt": [422, "Image corrupt"],
  "image-too-large": [413, "Image too large"],
  "option-invalid": [422, "Option invalid"],
} as const satisfies Partial<Record<ServerCode | ErrorCode, readonly [number, string]>>;

/** Codes of problem documents. */
export type ProblemCode = keyof typeof kinds;

/** All of them, for the documentation. */
export const problemCodes = Object.keys(kinds) as ProblemCode[];

/** Statuses of all problems, for the documentation. */
export function statusOf(code: ProblemCode): number {
  return kinds[code][0];
}

/** A problem document of RFC 9457. */
export interface ProblemDocument {
  /** URI of the kind of problem. */
  readonly type: string;
  /** The kind of problem in a few words; the same for every problem with this code. */
  readonly title: string;
  /** Status of the answer, 400 to 599. */
  readonly status: number;
  /** What is wrong, and what to do. */
  readonly detail: string;
  /** Stable name of the kind of problem. */
  readonly code: ProblemCode;
  /** The request's id, as in the log. */
  readonly instance: string;
}

/** Why a request fails. */
export class Problem extends Error {
  readonly code: ProblemCode;
  readonly headers: Readonly<Record<string, string>>;

  /**
   * @param detail One sentence for the client: what was wrong and what to do, without paths or other internals.
   * @param headers Headers of the answer, for instance `retry-after`.
   */
  constructor(
    code: ProblemCode,
    detail: string,
    headers: Readonly<Record<string, string>> = {},
    options?: ErrorOptions,
  ) {
    super(detail, options);
    this.name = "Problem";
    this.code = code;
    this.headers = headers;
  }

  get status(): number {
    return statusOf(this.code);
  }

  /** The document for the request with this id. */
  document(requestId: string): ProblemDocument {
    const [status, title] = kinds[this.code];
    return {
      type: `urn:edgecap:problem:${this.code}`,
      title,
      status,
      detail: this.message,
      code: this.code,
      instance: `urn:edgecap:request:${requestId}`,
    };
  }

  /** The answer to the request with this id. */
  response(requestId: string): Response {
    return new Response(JSON.stringify(this.document(requestId)), {
      status: this.status,
      headers: { "content-type": "application/problem+json", "cache-control": "no-store", ...this.headers },
    });
  }
}

/** The problem that a client sees for an error: its own faults by name, the server's only as an internal error. */
export function problemOf(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof EdgecapError && error.code in kinds) {
    const headers = error instanceof PoolBusyError ? { "retry-after": String(error.retryAfterSeconds) } : {};
    return new Problem(error.code as ProblemCode, error.message, headers, { cause: error });
  }
  const detail = "The server failed to answer this request; its log says more under the request's id.";
  return new Problem("internal", detail, {}, { cause: error });
}

/** The problem before the first worker is ready. */
export function notReady(): Problem {
  return new Problem("not-ready", "No worker is ready yet: try again in a moment.", { "retry-after": "2" });
}
