import { realpath, stat } from "node:fs/promises";
import { relative, sep } from "node:path";
import { walkFolder } from "../batch/walk_folder.ts";
import { EdgecapError, throwIfAborted, unwritable } from "../errors.ts";
import { assertFolder } from "../files/assert_folder.ts";
import { assertWritable, writeAtomically } from "../files/atomic_write.ts";
import { readRegularFile } from "../files/read_regular.ts";
import { CaptionedPictures, type CaptionPicture } from "./captioned_pictures.ts";
import { documentText, mostDocumentBytes } from "./document_text.ts";
import { htmlPictures } from "./html_pictures.ts";
import { type Insertion, insertText } from "./insert_text.ts";
import { locatePicture } from "./locate_picture.ts";
import { markdownPictures } from "./markdown_pictures.ts";
import type { SitePicture, SitePictures } from "./picture.ts";
import { unifiedDiff } from "./unified_diff.ts";

/**
 * The outcome for a picture of a document:
 *
 * - `filled`: it gets alternative text. `present`: it had some. `decorative`: an empty text says that it needs none.
 * - `hidden`: it is hidden from screen readers. `template`: a program generates its tag. `sourceless`: it has no
 *   address.
 * - `remote`: its address leads elsewhere, or contains the picture itself. `missing`: the site has no such file.
 * - `unsure`: its caption was less sure or longer than requested. `failed`: its file cannot be captioned.
 */
export type AltOutcome = (typeof altOutcomes)[number];

/** See {@linkcode AltOutcome}. */
export const altOutcomes = [
  ...(["filled", "present", "decorative", "hidden", "template", "sourceless"] as const),
  ...(["remote", "missing", "unsure", "failed"] as const),
] as const;

/** The report on a picture of a document. */
export interface AltReport {
  /** Path of the document below the site's folder, with slashes. */
  readonly document: string;
  /** Its position there, from 1. */
  readonly line: number;
  /** Its address as the document has it. */
  readonly source?: string;
  readonly outcome: AltOutcome;
  /** The text that it gets. */
  readonly alt?: string;
  /** How sure the caption is, 0 to 1, if known. */
  readonly confidence?: number;
  /** Why it gets none. */
  readonly why?: string;
}

/** Options of {@linkcode fillAlt}. */
export interface FillAltOptions {
  /** The folder of the site. */
  readonly folder: string;
  /** Whether documents are written. */
  readonly write: boolean;
  readonly caption: CaptionPicture;
  /** Whether to include hidden and system files and folders. Default false. */
  readonly hidden?: boolean;
  /** Called for what cannot be read or written; it is skipped. */
  readonly onProblem: (error: EdgecapError) => void;
  /**
   * Called for each document that gets text, after it was written, if it was: with the diff, in the document's
   * encoding.
   */
  readonly onChange: (document: string, difference: Uint8Array, filled: number) => void;
  /** Called for each picture, document by document. */
  readonly onPicture: (report: AltReport) => void;
  readonly signal: AbortSignal;
}

/** Folders of packages: their documents belong to others. */
const packages: ReadonlySet<string> = new Set(["node_modules"]);

const documentName = /\.(?:html?|md)$/i;

/**
 * Gives alternative text to the pictures that lack it in the HTML and Markdown files of a folder. It only inserts the
 * text; every other byte of a file stays. Each picture is captioned once, however often it is shown.
 *
 * @returns How many pictures had each outcome.
 * @throws {EdgecapError} `file-unreadable` if there is no such folder; `aborted`, `bundle-*` and others of
 *   captioning.
 */
export async function fillAlt(options: FillAltOptions): Promise<Record<AltOutcome, number>> {
  const { hidden = false, onProblem, onPicture, signal } = options;
  await assertFolder(options.folder);
  const root = await realpath(options.folder);
  const counts = Object.fromEntries(altOutcomes.map((outcome) => [outcome, 0])) as Record<AltOutcome, number>;
  const captions = new CaptionedPictures(options.caption);
  const documents: string[] = [];
  // Links are not followed: their targets inside the folder are found anyway, and nothing outside is changed.
  const walk = { hidden, onProblem, name: documentName, except: packages, links: false };
  for await (const path of walkFolder(root, walk)) documents.push(path);
  for (const path of documents.sort()) {
    throwIfAborted(signal);
    try {
      for (const report of await fillDocument(path, root, captions, options)) {
        counts[report.outcome]++;
        onPicture(report);
      }
    } catch (error) {
      if (!(error instanceof EdgecapError) || !ofOneDocument.has(error.code)) throw error;
      onProblem(error);
    }
  }
  return counts;
}

/** Codes of what is wrong with one document. */
const ofOneDocument: ReadonlySet<string> = new Set(["file-unreadable", "file-unwritable", "data-invalid"]);

async function fillDocument(
  path: string,
  root: string,
  captions: CaptionedPictures,
  { write, onChange, signal }: FillAltOptions,
): Promise<AltReport[]> {
  const document = relative(root, path).split(sep).join("/");
  const bytes = await readRegularFile(path, mostDocumentBytes);
  const format = /\.md$/i.test(path) ? "markdown" : "html";
  const { mark, text, encode } = documentText(bytes, path, format);
  const found: SitePictures = format === "html" ? htmlPictures(text) : { pictures: markdownPictures(text) };
  const context = { root, document, ...(found.base !== undefined && { base: found.base }) };
  const reports: AltReport[] = [];
  const insertions: Insertion[] = [];
  let line = 1;
  let counted = 0;
  for (const picture of found.pictures) {
    line += text.slice(counted, picture.start).split("\n").length - 1;
    counted = picture.start;
    const result = await resultOf(picture, context, captions, signal);
    const { source } = picture;
    reports.push({ document, line, ...(source !== undefined && { source }), ...result });
    if (result.alt === undefined) continue;
    insertions.push({ at: picture.at, text: picture.markup(result.alt) });
  }
  if (insertions.length === 0) return reports;
  const filled = insertText(text, insertions);
  if (write) await replace(path, bytes, encode(mark + filled));
  onChange(document, encode(unifiedDiff(document, mark + text, mark + filled)), insertions.length);
  return reports;
}

/** The outcome for a picture. */
async function resultOf(
  { state, source }: SitePicture,
  context: Parameters<typeof locatePicture>[1],
  captions: CaptionedPictures,
  signal: AbortSignal,
): Promise<Pick<AltReport, "outcome" | "alt" | "confidence" | "why">> {
  if (state !== "absent") return { outcome: state };
  if (source === undefined || source.trim() === "") return { outcome: "sourceless" };
  const located = await locatePicture(source, context);
  if (located.kind === "remote") return { outcome: "remote", why: `its address begins with ${located.scheme}:` };
  if (located.kind === "missing") return { outcome: "missing", why: located.why };
  return await captions.of(located.path, signal);
}

/**
 * Writes a document, unless it was changed in the meantime.
 *
 * @throws {EdgecapError} `file-unwritable`, also if it is read-only.
 */
async function replace(path: string, before: Uint8Array, after: Uint8Array): Promise<void> {
  const found = await stat(path).catch((cause: unknown) => {
    throw unwritable(path, cause);
  });
  await assertWritable(path, found);
  const now = await readRegularFile(path, mostDocumentBytes);
  if (Buffer.compare(now, before) !== 0) {
    throw new EdgecapError(
      "file-unwritable",
      `"${path}" changed while its pictures were captioned: run the command again.`,
    );
  }
  await writeAtomically(path, after, await stat(path));
}
