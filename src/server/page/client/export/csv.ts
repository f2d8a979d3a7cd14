import type { Row } from "./rows.ts";

const columns = ["image", "caption", "edited", "modelCaption", "state", "confidence", "concepts", "error"] as const;

/**
 * The rows as CSV (RFC 4180), with a byte order mark, because without it Excel guesses another encoding.
 *
 * A cell that a spreadsheet would take for a formula gets an apostrophe before it: names of files come from anywhere.
 */
export function csvOf(rows: readonly Row[]): string {
  const lines = rows.map((row) =>
    columns.map((column) => (column === "concepts" ? row.concepts.join("; ") : String(row[column] ?? ""))),
  );
  return `\ufeff${[columns, ...lines].map((cells) => cells.map(quoted).join(",")).join("\r\n")}\r\n`;
}

/** Names and captions for the clipboard, a line for each photo, with a tab between, as spreadsheets paste it. */
export function linesOf(rows: readonly Row[]): string {
  const cell = (text: string) => harmless(text.replaceAll(/[\t\r\n\u2028\u2029]+/g, " "));
  return rows.map(({ image, caption }) => `${cell(image)}\t${cell(caption)}`).join("\n");
}

function quoted(text: string): string {
  return `"${harmless(text).replaceAll('"', '""')}"`;
}

/**
 * The text, changed so that no spreadsheet takes it for a formula; East Asian ones also accept the full-width signs.
 *
 */
function harmless(text: string): string {
  return /^(?:[\t\r\n]|\s*[=+\-@＝＋－＠])/.test(text) ? `'${text}` : text;
}
