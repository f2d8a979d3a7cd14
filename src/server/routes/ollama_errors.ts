import type { Problem } from "../problem.ts";

/** What is wrong with the request is 400 in Ollama's shape, unless its status says more. */
const statuses: Partial<Record<number, number>> = { 415: 400, 422: 400 };

/** The answer to a request in Ollama's shape that is refused. */
export function ollamaRefusal({ status, message, headers }: Problem): Response {
  return new Response(JSON.stringify({ error: message }), {
    status: statuses[status] ?? status,
    headers: { "content-type": "application/json", "cache-control": "no-store", ...headers },
  });
}
