import { headerParameters } from "./header_parameters.ts";
import { Problem } from "./problem.ts";

/** A part of a form. */
export interface FormPart {
  /** The field's name; empty if it has none. */
  readonly name: string;
  /** The file's name without folders, if the part has one. */
  readonly fileName: string | undefined;
  /** The part's media type in lower case, if it has one. */
  readonly type: string | undefined;
  /** Its content, a view of the body. */
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** Most bytes of a part's headers. */
const longestHead = 8192;

/** RFC 2046 allows 1 to 70 characters; any other single line is accepted too. */
const boundaryForm = /^[\x20-\x7e]{1,200}$/;

/**
 * Reads a `multipart/form-data` body part by part, so that the caller can stop at a limit.
 *
 * The body is in memory already, so nothing is copied, and parts are only parsed on demand. `FormData`
 * reads everything at once, and does not accept unquoted names on Bun.
 *
 * @throws {Problem} `body-invalid` if the form has no boundary, is incomplete or cannot be read; `encoding-unsupported`
 *   if a part is encoded, for instance in base64.
 */
export function* formParts(body: Uint8Array<ArrayBuffer>, contentType: string): Generator<FormPart> {
  const boundary = headerParameters(contentType).get("boundary") ?? "";
  if (!boundaryForm.test(boundary)) throw broken("its Content-Type lacks a boundary");
  const buffer = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  const delimiter = Buffer.from(`\r\n--${boundary}`);
  // The first delimiter may begin the body; anything before it is ignored. Only this one lacks a line break. It is not
  // searched for: of a boundary of dashes in a body of dashes, each place would be the beginning of a match.
  const first = delimiter.subarray(2);
  let at = 0;
  if (!buffer.subarray(0, first.length).equals(first)) {
    at = buffer.indexOf(delimiter);
    if (at !== -1) at += 2;
  }
  if (at === -1) throw broken("its boundary is not in it");
  at += delimiter.length - 2;
  for (;;) {
    if (buffer[at] === dash && buffer[at + 1] === dash) return;
    while (buffer[at] === space || buffer[at] === tab) at++;
    if (buffer[at] !== cr || buffer[at + 1] !== lf) throw broken("it ends after a boundary");
    // An empty head ends with the delimiter's own line.
    const headEnd = buffer.subarray(at, at + longestHead).indexOf("\r\n\r\n");
    if (headEnd === -1) throw broken(`the headers of a part are incomplete, or longer than ${longestHead} bytes`);
    const head = buffer.toString("utf8", at + 2, at + headEnd);
    refuseCoding(head);
    const start = at + headEnd + 4;
    // The delimiter of an empty part begins with the line break that ends its head.
    const end = buffer.indexOf(delimiter, start - 2);
    if (end === -1) throw broken("it ends inside a part");
    yield { ...described(head), bytes: body.subarray(start, Math.max(end, start)) };
    at = end + delimiter.length;
  }
}

const [dash, space, tab, cr, lf] = [0x2d, 0x20, 0x09, 0x0d, 0x0a] as const;

/** Value of a header of a part. */
function headerOf(head: string, name: string): string | undefined {
  return head
    .split("\r\n")
    .find((line) => line.slice(0, name.length + 1).toLowerCase() === `${name}:`)
    ?.slice(name.length + 1)
    .trim();
}

/** Encodings of mail, which leave the bytes as they are. */
const plainCodings = new Set(["", "7bit", "8bit", "binary"]);

/** Programs that write forms with a library for mail may encode parts; forms do without it (RFC 7578, 4.7). */
function refuseCoding(head: string): void {
  if (plainCodings.has(headerOf(head, "content-transfer-encoding")?.toLowerCase() ?? "")) return;
  const message =
    "A part of the form has a Content-Transfer-Encoding: send its bytes as they are, without that header.";
  throw new Problem("encoding-unsupported", message);
}

function described(head: string): Omit<FormPart, "bytes"> {
  const header = (name: string) => headerOf(head, name);
  const parameters = headerParameters(header("content-disposition") ?? "");
  const fileName = extended(parameters.get("filename*")) ?? parameters.get("filename");
  return {
    name: parameters.get("name") ?? "",
    fileName: fileName?.replace(/^.*[\\/]/s, ""),
    type: header("content-type")?.replace(/;.*$/s, "").trim().toLowerCase(),
  };
}

/** A value of RFC 8187: `utf-8''a%20b.jpg`. */
function extended(value: string | undefined): string | undefined {
  const encoded = /^utf-8'[^']*'(.*)$/is.exec(value ?? "")?.[1];
  try {
    return encoded === undefined ? undefined : decodeURIComponent(encoded);
  } catch {
    return undefined;
  }
}

function broken(why: string): Problem {
  return new Problem("body-invalid", `The form cannot be read, because ${why}: send it as multipart/form-data.`);
}
