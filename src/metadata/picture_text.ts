import { EdgecapError } from "../errors.ts";
import { latin1, standsAt, utf8 } from "./bytes.ts";
import { type Container, type NewBlocks, unchangeable } from "./container.ts";
import { exifDescription, holdsOnlyDescription, setExifDescription } from "./exif_description.ts";
import {
  type Field,
  type FieldReport,
  fillFields,
  type MetadataForm,
  type PictureText,
  type WriteOptions,
} from "./fields.ts";
import { iptcOf, setIptc } from "./image_resources.ts";
import { readIptc, setIptcText } from "./iptc_iim.ts";
import { readJpeg } from "./jpeg_segments.ts";
import { pngSign, readPng } from "./png_chunks.ts";
import { readWebp } from "./webp_chunks.ts";
import { type XmpName, XmpPacket, xmpNames } from "./xmp_packet.ts";

/** The result for a picture's bytes. */
export interface WrittenPicture {
  /** The file's bytes; those that were given if nothing changes. */
  readonly bytes: Uint8Array;
  readonly reports: readonly FieldReport[];
}

/**
 * Puts text into a picture's file. All else in it stays byte for byte.
 *
 * @param bytes A JPEG, PNG or WebP file.
 * @param forms Where to put it; `iptc` is only for JPEG.
 * @throws {EdgecapError} `image-unsupported` if the format holds no such form; `image-truncated`, `image-corrupt`;
 *   `data-invalid` if metadata in it cannot be read or has no room.
 */
export function writeIntoPicture(
  bytes: Uint8Array,
  text: PictureText,
  forms: readonly MetadataForm[],
  options: WriteOptions = {},
): WrittenPicture {
  const container = openPicture(bytes, forms);
  const xmp = new XmpPacket(container.xmp && decodeXmp(container.xmp));
  const blocks: { -readonly [Name in keyof NewBlocks]: NewBlocks[Name] } = {};
  const before = xmp.text;
  const fields: Field[] = [
    ...xmpFields(xmp, true),
    ...extendedFields(container),
    ...exifFields(container, forms, (exif) => {
      blocks.exif = exif;
    }),
    ...iptcFields(container, forms, (resources) => {
      blocks.resources = resources;
    }),
  ];
  const { reports, wrote } = fillFields(fields, new Set(xmp.get(xmpNames.wrote).texts), text, {
    ...options,
    asked: ({ form }) => forms.includes(form),
  });
  setMark(xmp, wrote, options);
  if (xmp.text !== before) blocks.xmp = xmp.isEmpty ? null : utf8(xmp.text);
  if (blocks.xmp === null && container.xmp === undefined) delete blocks.xmp;
  return { bytes: Object.keys(blocks).length === 0 ? bytes : container.replace(blocks), reports };
}

/** The result for a sidecar. */
export interface WrittenSidecar {
  /** Its text; `undefined` if nothing is left to say. */
  readonly text: string | undefined;
  readonly reports: readonly FieldReport[];
}

/**
 * Puts text into a sidecar. All else in it stays as it is.
 *
 * @param sidecar Its text; `undefined` if it is missing.
 * @param picture Its picture: what a person wrote into that counts too.
 * @throws {EdgecapError} `data-invalid` if the sidecar holds no XMP.
 */
export function writeIntoSidecar(
  sidecar: string | undefined,
  picture: Uint8Array,
  text: PictureText,
  options: WriteOptions = {},
): WrittenSidecar {
  const xmp = new XmpPacket(sidecar);
  const before = xmp.text;
  const wrote = new Set(xmp.get(xmpNames.wrote).texts);
  const fields = xmpFields(xmp, true);
  // Sidecars of earlier versions only contain text that edgecap wrote.
  if (xmp.removeOldMark()) for (const { texts } of fields) for (const value of texts) wrote.add(value);
  const inside = fieldsInside(picture);
  for (const value of inside.wrote) wrote.add(value);
  const { reports, wrote: now } = fillFields([...fields, ...inside.fields], wrote, text, {
    ...options,
    asked: ({ form }) => form === "xmp",
  });
  const texts = new Set(xmpFields(xmp, false).flatMap((field) => field.texts));
  setMark(
    xmp,
    now.filter((value) => texts.has(value)),
    options,
  );
  if (xmp.text === before) return { text: sidecar, reports };
  return { text: xmp.isEmpty ? undefined : xmp.text, reports };
}

/** Whether a sidecar holds only what edgecap wrote. */
export function isOwnSidecar(sidecar: string): boolean {
  const xmp = new XmpPacket(sidecar);
  const isOld = xmp.removeOldMark();
  const wrote = new Set(xmp.get(xmpNames.wrote).texts);
  return (
    !xmp.holdsOthers &&
    (isOld || wrote.size > 0) &&
    xmpFields(xmp, false).every(({ complex, texts }) => !complex && (isOld || texts.every((text) => wrote.has(text))))
  );
}

function openPicture(bytes: Uint8Array, forms: readonly MetadataForm[]): Container {
  if (isJpeg(bytes)) return readJpeg(bytes);
  const read = standsAt(bytes, 0, pngSign) ? readPng : isWebp(bytes) ? readWebp : undefined;
  if (read === undefined) {
    throw unsupported(
      "The picture is not a JPEG, PNG or WebP file, so edgecap cannot write into it: use a sidecar for XMP.",
    );
  }
  if (forms.includes("iptc")) throw iptcRefused(bytes);
  return read(bytes);
}

/** The error if IPTC-IIM is requested for a format other than JPEG. */
export function iptcRefused(bytes: Uint8Array): EdgecapError {
  const format = standsAt(bytes, 0, pngSign) ? "a PNG" : isWebp(bytes) ? "a WebP" : "not a JPEG";
  return unsupported(`The picture is ${format}, but only JPEG supports IPTC-IIM: use the form "xmp".`);
}

/** Whether a file begins as JPEG does. */
export function isJpeg(bytes: Uint8Array): boolean {
  return bytes.length > 2 && bytes[0] === 0xff && bytes[1] === 0xd8;
}

function isWebp(bytes: Uint8Array): boolean {
  return standsAt(bytes, 0, latin1("RIFF")) && standsAt(bytes, 8, latin1("WEBP"));
}

function unsupported(message: string): EdgecapError {
  return new EdgecapError("image-unsupported", message);
}

/** The text of an XMP packet or a sidecar. @throws {EdgecapError} `data-invalid` if it is not UTF-8. */
export function decodeXmp(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw unchangeable("XMP", "it is not in UTF-8");
  }
}

function setMark(xmp: XmpPacket, wrote: readonly string[], { mark = true }: WriteOptions): void {
  const before = xmp.get(xmpNames.wrote).texts;
  const now = mark ? wrote : [];
  if (before.length !== now.length || now.some((text) => !before.includes(text))) xmp.set(xmpNames.wrote, now);
}

function xmpFields(xmp: XmpPacket, settable: boolean): Field[] {
  const field = (name: XmpName, meaning: Field["meaning"]): Field => ({
    form: "xmp",
    name: `${name.prefix}:${name.local}`,
    meaning,
    ...xmp.get(name),
    ...(settable && { set: (texts) => xmp.set(name, texts) }),
  });
  return [
    field(xmpNames.description, "caption"),
    field(xmpNames.altText, "altText"),
    field(xmpNames.subject, "keywords"),
  ];
}

/** Fields of the part of XMP that continues in further segments. */
function extendedFields({ extendedXmp }: Container): Field[] {
  return extendedXmp === undefined ? [] : xmpFields(new XmpPacket(decodeXmp(extendedXmp)), false);
}

function exifFields(
  { exif }: Container,
  forms: readonly MetadataForm[],
  put: (exif: Uint8Array | null) => void,
): Field[] {
  const asked = forms.includes("exif");
  const found = asked ? exif && exifDescription(exif) : readable(() => exif && exifDescription(exif));
  const set = ([text = ""]: readonly string[]): void => {
    if (text === "" && (exif === undefined || holdsOnlyDescription(exif))) put(null);
    else put(setExifDescription(exif, text));
  };
  const texts = found === undefined || found === "" ? [] : [found];
  return [{ form: "exif", name: "ImageDescription", meaning: "caption", texts, ...(asked && { set }) }];
}

function iptcFields(
  { resources }: Container,
  forms: readonly MetadataForm[],
  put: (resources: Uint8Array | null) => void,
): Field[] {
  const asked = forms.includes("iptc");
  const read = () => resources && iptcOf(resources);
  let iptc = asked ? read() : readable(read);
  const readText = () => iptc && readIptc(iptc);
  const { caption, keywords = [] } = (asked ? readText() : readable(readText)) ?? {};
  const set = (text: { readonly caption?: string; readonly keywords?: readonly string[] }): void => {
    const changed = setIptcText(iptc, text);
    iptc = changed.length === 0 ? undefined : changed;
    put(setIptc(resources, changed) ?? null);
  };
  const texts = caption === undefined ? [] : [caption];
  const setCaption = ([text = ""]: readonly string[]) => set({ caption: text });
  const setKeywords = (words: readonly string[]) => set({ keywords: words });
  return [
    { form: "iptc", name: "Caption-Abstract", meaning: "caption", texts, ...(asked && { set: setCaption }) },
    { form: "iptc", name: "Keywords", meaning: "keywords", texts: keywords, ...(asked && { set: setKeywords }) },
  ];
}

/** Fields of a picture that is only read: metadata that cannot be read does not matter there. */
function fieldsInside(picture: Uint8Array): { fields: Field[]; wrote: readonly string[] } {
  const container = readable(() => openPicture(picture, []));
  if (container === undefined) return { fields: [], wrote: [] };
  const xmp = readable(() => new XmpPacket(container.xmp && decodeXmp(container.xmp)));
  const onlyLooked = (fields: readonly Field[]) => fields.map(({ set: _, ...field }) => field);
  const fields = [
    ...(xmp === undefined ? [] : xmpFields(xmp, false)),
    ...(readable(() => extendedFields(container)) ?? []),
    ...onlyLooked(exifFields(container, [], () => {})),
    ...onlyLooked(iptcFields(container, [], () => {})),
  ];
  return { fields, wrote: xmp?.get(xmpNames.wrote).texts ?? [] };
}

/** The text that was read; `undefined` if it cannot be read. */
function readable<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof EdgecapError) return undefined;
    throw error;
  }
}
