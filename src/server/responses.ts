import Negotiator from "negotiator";
import { Problem } from "./problem.ts";

/** What `POST /v1/captions` can answer with. */
export type Representation = "application/json" | "text/plain" | "text/event-stream";

const representations: readonly Representation[] = ["application/json", "text/plain", "text/event-stream"];

/**
 * What the client would rather have.
 *
 * @throws {Problem} `accept-unsupported`
 */
export function representationFor(request: Request): Representation {
  // What is offered has no parameters, so of those that are asked for, such as a charset, only the weight counts.
  const accept = request.headers.get("accept")?.replaceAll(/;\s*(?!q\s*=)[^;,"]*(?:"[^"]*")?[^;,"]*/gi, "");
  const [best] = new Negotiator({ headers: { accept } }).mediaTypes([...representations]);
  if (best === undefined)
    throw new Problem("accept-unsupported", `Answers here are ${representations.join(", ")}: accept one of them.`);
  return best as Representation;
}

/** JSON that no cache between here and the client keeps: photos are private. */
export function json(body: unknown, headers: Readonly<Record<string, string>> = {}): Response {
  return new Response(JSON.stringify(body), {
    headers: { "content-type": "application/json", "cache-control": "no-store", ...headers },
  });
}
