import { EdgecapError } from "../errors.ts";
import { type Captions, CaptionsCollector } from "./captions.ts";
import { decodeText, quoted } from "./text_lines.ts";

/**
 * Reads JSON as in Karpathy's dataset_flickr8k.json: `{ images: [{ filename, split, sentences: [{ raw }] }] }`.
 *
 * @param file Name of the file, for error messages.
 * @throws {EdgecapError} `data-invalid`; the message names the entry.
 */
export function parseKarpathyCaptions(bytes: Uint8Array, file: string): Captions {
  const root = parseJson(decodeText(bytes, file), file);
  if (Array.isArray(root)) throw otherJson(file, "a list");
  if (member(root, "annotations") !== undefined)
    throw otherJson(file, "COCO's JSON, with images and annotations apart");
  const collector = new CaptionsCollector();
  const splits = new Map<string, string[]>();
  const seen = new Set<string>();
  for (const [place, image] of list(member(root, "images"), "images", file).entries()) {
    const where = `images[${place}]`;
    const name = text(member(image, "filename"), `${where}.filename`, file);
    if (seen.has(name)) throw invalid(file, where, `names ${quoted(name)} a second time. Remove one of the two`);
    seen.add(name);
    const before = collector.taken;
    for (const [row, sentence] of list(member(image, "sentences"), `${where}.sentences`, file).entries()) {
      const path = `${where}.sentences[${row}].raw`;
      collector.add(name, text(member(sentence, "raw"), path, file), `"${path}" of "${file}"`);
    }
    const split = member(image, "split");
    if (collector.taken === before || split === undefined) continue;
    const part = text(split, `${where}.split`, file);
    const images = splits.get(part);
    if (images === undefined) splits.set(part, [name]);
    else images.push(name);
  }
  return collector.finish("karpathy", file, splits);
}

function parseJson(source: string, file: string): unknown {
  try {
    return JSON.parse(source);
  } catch (cause) {
    if (isJson(source.trimStart().split("\n", 1)[0]!)) throw otherJson(file, "JSON lines");
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new EdgecapError("data-invalid", `"${file}" begins like JSON but is not valid: ${why}. Correct it.`, {
      cause,
    });
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function otherJson(file: string, what: string): EdgecapError {
  const message = `"${file}" is ${what}. Give "image,caption" rows, "image#0<TAB>caption" rows or Karpathy's JSON.`;
  return new EdgecapError("data-invalid", message);
}

function member(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null && Object.hasOwn(value, name)
    ? (value as Readonly<Record<string, unknown>>)[name]
    : undefined;
}

function list(value: unknown, path: string, file: string): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw invalid(file, path, `is ${described(value)}, not a list. Give Karpathy's JSON`);
}

function text(value: unknown, path: string, file: string): string {
  if (typeof value === "string") return value;
  throw invalid(file, path, `is ${described(value)}, not text. Give Karpathy's JSON`);
}

function described(value: unknown): string {
  if (value === undefined) return "missing";
  if (Array.isArray(value)) return "a list";
  return typeof value === "object" && value !== null ? "an object" : quoted(String(value));
}

function invalid(file: string, path: string, what: string): EdgecapError {
  return new EdgecapError("data-invalid", `"${path}" of "${file}" ${what}.`);
}
