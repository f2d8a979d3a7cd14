import Negotiator from "negotiator";
import { Problem } from "./problem.ts";

/** Content types of the answers of `POST /v1/captions`. */
export type Representation = "application/json" | "text/plain" | "text/event-stream";

const representations: readonly Representation[] = ["application/json", "text/plain", "text/event-stream"];

/**
 * The content type that the client prefers.
 *
 * @throws {Problem} `accept-unsupported`
 */
export function representationFor(request: Request): Representation {
  // The offered types have no parameters, so requested ones such as a charset are ignored; only the weight counts.
  const accept = request.headers.get("accept")?.replaceAll(/;(?!\s*q\s*=)[^;,"]*(?:"[^"]*")?[^;,"]*/gi, "");
  const [best] = new Negotiator({ headers: { accept } }).mediaTypes([...representations]);
  if (best === undefined)
    throw new Problem(
      "accept-unsupported",
      `Answers are available as ${representations.join(", ")}: accept one of them.`,
    );
  return best as Representation;
}

/** JSON that caches on the way must not store, because pictures are private. */
export function json(body: unknown, headers: Readonly<Record<string, string>> = {}): Response {
  return new Response(JSON.stringify(body), {
    headers: { "content-type": "application/json", "cache-control": "no-store", ...headers },
  });
}
