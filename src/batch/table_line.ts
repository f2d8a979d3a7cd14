import { imageName } from "./image_names.ts";

/** Names of the column or key that holds a picture's path, as other programs write them. */
const pathName = /^(?:image|img|photo|picture|file|path|url|src)(?:[ _-]?(?:name|path|file|id|url))?$|^file_?name$/i;

/** What separates the fields of a row. */
const separators = [",", ";", "\t", "|"] as const;

/**
 * What is wrong with the first line of a list if it is JSON or a row of a table, and what to do; `undefined` if it may
 * be a path. Ask only if there is no such file, since a file may have any name.
 */
export function tableLine(line: string): string | undefined {
  return jsonLine(line) ?? rowLine(line);
}

function jsonLine(line: string): string | undefined {
  if (!/^\s*(?:\{\s*(?:"|$|\})|\[\s*(?:["{[]|$|\]))/.test(line)) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return `is JSON, not a path. ${advice("jq")}`;
  }
  if (Array.isArray(value)) return `is a JSON array, not a path. ${advice("jq -r '.[]'")}`;
  const key = Object.keys(value as object).find((name) => pathName.test(name));
  return `is a JSON object, not a path. ${advice(key === undefined ? "jq" : `jq -r '.["${key}"]'`)}`;
}

function rowLine(line: string): string | undefined {
  if (pathName.test(unquoted(line))) return `is the header of a table, not a path. Remove that line.`;
  for (const separator of separators) {
    const fields = line.split(separator).map(unquoted);
    if (fields.length < 2) continue;
    const header = fields.findIndex((field) => pathName.test(field));
    // A header may hold a sentence's word by chance, but no column is called so and ends like a picture.
    const isHeader = header >= 0 && fields.every((field) => /^[\p{L}\p{N} _.#-]{0,40}$/u.test(field));
    const first = isHeader && !fields.some((field) => imageName.test(field)) ? header : -1;
    const column = first >= 0 ? first : fields.findIndex((field) => imageName.test(field));
    // The last field of a path that holds a comma ends like a picture too.
    if (column < 0 || (first < 0 && column === fields.length - 1)) continue;
    const cut = separator === "\t" ? `cut -f${column + 1}` : `cut -d'${separator}' -f${column + 1}`;
    return `is a row of a table, not a path. ${advice(cut, first >= 0 ? " | tail -n +2" : "")}`;
  }
  return undefined;
}

function advice(command: string, more = ""): string {
  return `Give one path per line, such as: ${command} LIST${more} | edgecap batch - --out FILE`;
}

function unquoted(field: string): string {
  return field.trim().replace(/^"(.*)"$/, "$1");
}
