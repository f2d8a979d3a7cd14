/** How text is put into a picture's file. */
export const metadataForms = ["xmp", "exif", "iptc"] as const;

/** See {@linkcode metadataForms}. */
export type MetadataForm = (typeof metadataForms)[number];

/** Text to write into a picture. */
export interface PictureText {
  /** Its caption, exactly as it will be written; missing if no caption is sure enough. */
  readonly caption?: string | undefined;
  /** What it shows. */
  readonly keywords: readonly string[];
}

/** How text is written. */
export interface WriteOptions {
  /** Whether text that edgecap did not write is replaced; keywords are added to those that are there. Default false. */
  readonly force?: boolean | undefined;
  /** Whether edgecap records what it wrote, to recognise it later. Default true. */
  readonly mark?: boolean | undefined;
}

/** What happened to a field. */
export interface FieldReport {
  /** Its name: `dc:description`, `ImageDescription`, `Caption-Abstract` and so on. */
  readonly field: string;
  /** `kept`: this field, or another one of the same meaning, holds text that edgecap did not write. */
  readonly outcome: "written" | "same" | "removed" | "kept";
  /** The text that was written, kept or removed. */
  readonly value: string;
}

/**
 * The meaning of a field. Programs treat fields with the same meaning as one, so text in one of them counts for all.
 */
type Meaning = "caption" | "altText" | "keywords";

/** A field as it is, and how to change it. */
export interface Field {
  readonly form: MetadataForm;
  readonly name: string;
  readonly meaning: Meaning;
  readonly texts: readonly string[];
  /** The field contains more than texts, so edgecap did not write it. */
  readonly complex?: boolean;
  /** Sets it; no texts remove it. `undefined` for a field that is only read. */
  readonly set?: (texts: readonly string[]) => void;
}

/**
 * Text that cameras write instead of a description: it says nothing about the picture.
 */
const filler = /^(?:[a-z ]*digital (?:still )?camera|sony dsc|exif_jpeg_picture|default|untitled)$/i;

/**
 * Puts text into fields: into those that are missing or hold what edgecap wrote, and into others only if forced.
 *
 * @param fields All fields that a reader of the picture sees. @param wrote What edgecap wrote before.
 * @param asked Whether a field is to be written.
 * @returns What happened to the requested fields, and the text of edgecap that any field contains now.
 */
export function fillFields(
  fields: readonly Field[],
  wrote: ReadonlySet<string>,
  text: PictureText,
  { force = false, asked }: WriteOptions & { readonly asked: (field: Field) => boolean },
): { reports: FieldReport[]; wrote: string[] } {
  const caption = text.caption === undefined ? [] : [clean(text.caption)].filter((value) => value !== "");
  const keywords = [...new Set(text.keywords.map(clean).filter((value) => value !== ""))];
  const isOthers = (value: string) => !wrote.has(value) && value.trim() !== "" && !filler.test(value.trim());
  const holdsOthers = ({ complex = false, texts }: Field) => complex || texts.some(isOthers);
  const known = new Set(wrote);
  const now = new Set<string>();
  const reports: FieldReport[] = [];
  for (const field of fields) {
    const { name, meaning, texts, set } = field;
    const wanted = meaning === "keywords" ? keywords : caption;
    let final: readonly string[] = texts;
    if (set !== undefined && asked(field)) {
      const holder = [field, ...fields].find((other) => other.meaning === meaning && holdsOthers(other));
      const others = texts.filter(isOthers);
      if (holder !== undefined && (!force || wanted.length === 0)) {
        const value = listed(holder.texts.filter(isOthers));
        reports.push({ field: name, outcome: "kept", value: holder === field ? value : `${holder.name}: ${value}` });
      } else {
        final = meaning === "keywords" ? [...new Set([...others, ...wanted])] : wanted;
        const added = final.filter((value) => !(meaning === "keywords" ? others : []).includes(value));
        const same = final.length > 0 && new Set(texts).size === final.length && final.every((t) => texts.includes(t));
        if (!same && (final.length > 0 || texts.length > 0)) {
          set(final);
          const value = listed(final.length === 0 ? texts : added);
          reports.push({ field: name, outcome: final.length === 0 ? "removed" : "written", value });
        } else if (same) reports.push({ field: name, outcome: "same", value: final.join(", ") });
        for (const value of added) if (!same || wrote.has(value)) known.add(value);
      }
    }
    for (const value of final) now.add(value);
  }
  return { reports, wrote: [...known].filter((value) => now.has(value)) };
}

/** Texts for a report. XMP has the same one for several languages. */
function listed(texts: readonly string[]): string {
  return [...new Set(texts)].join(", ");
}

/**
 * Text that every form can contain: on one line, and without characters that XML or a NUL-terminated text cannot
 * contain.
 */
function clean(text: string): string {
  return text
    .toWellFormed()
    .replace(/[\p{Cc}\s]+/gu, " ")
    .replace(/[\ufffe\uffff]/g, "\ufffd")
    .trim();
}
