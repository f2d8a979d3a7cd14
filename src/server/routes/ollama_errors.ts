import type { Problem } from "../problem.ts";

/** Client errors get status 400 in Ollama's format, unless their status is more specific. */
const statuses: Partial<Record<number, number>> = { 415: 400, 422: 400 };

/** The answer to a refused request in Ollama's format. */
export function ollamaRefusal({ status, message, headers }: Problem): Response {
  return new Response(JSON.stringify({ error: message }), {
    status: statuses[status] ?? status,
    headers: { "content-type": "application/json", "cache-control": "no-store", ...headers },
  });
}
