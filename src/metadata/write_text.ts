import type { Stats } from "node:fs";
import { readdir, realpath, rm, stat } from "node:fs/promises";
import { basename, dirname, extname, join, parse } from "node:path";
import { EdgecapError, unwritable } from "../errors.ts";
import { assertWritable, replaceAtomically, writeAtomically } from "../files/atomic_write.ts";
import { readIfThere, readRegularFile, unreadable } from "../files/read_regular.ts";
import { utf8 } from "./bytes.ts";
import type { FieldReport, MetadataForm, PictureText, WriteOptions } from "./fields.ts";
import { decodeXmp, iptcRefused, isJpeg, isOwnSidecar, writeIntoPicture, writeIntoSidecar } from "./picture_text.ts";
import type { SidecarName } from "./sidecar_names.ts";

/** How {@linkcode writeText} writes. */
export interface WriteTextOptions extends WriteOptions {
  readonly forms: readonly MetadataForm[];
  /** Default `none`. */
  readonly sidecar?: SidecarName | undefined;
  /** Whether to write nothing, and only report what would be written. Default false. */
  readonly dryRun?: boolean | undefined;
}

/** The fields that were written, or would be. */
export interface WrittenFile {
  /** The file: the picture, or its sidecar. */
  readonly path: string;
  readonly fields: readonly FieldReport[];
}

/** The result of writing text. */
export interface Written {
  readonly files: readonly WrittenFile[];
  /** Size and times of the picture's file after the text was written into it, if it was. */
  readonly picture?: Stats;
  /** Why some form could not be written: the first reason. The other forms are written. */
  readonly error?: EdgecapError;
}

/**
 * Writes text into a picture's file, or next to it, in all requested forms. Files are replaced atomically and keep
 * their permissions; their modification time is the time of writing; a link stays a link.
 *
 * @param picture The picture's path. @param image Its bytes as they were captioned: if the file has changed since, it
 *   is left.
 * @returns What was written, and the first error of {@linkcode writeIntoPicture} or {@linkcode writeIntoSidecar}, or
 *   `file-unreadable`, `file-unwritable`.
 */
export async function writeText(
  picture: string,
  image: Uint8Array,
  text: PictureText,
  options: WriteTextOptions,
): Promise<Written> {
  const { forms, sidecar = "none" } = options;
  const files: WrittenFile[] = [];
  let inPicture: Stats | undefined;
  let refused: EdgecapError | undefined;
  const attempt = async (write: () => Promise<WrittenFile>): Promise<void> => {
    try {
      files.push(await write());
    } catch (error) {
      if (!(error instanceof EdgecapError)) throw error;
      refused ??= error;
    }
  };
  const inside = sidecar === "none" ? forms : forms.filter((form) => form !== "xmp");
  // A form that the format does not support does not stop the others.
  const held = isJpeg(image) ? inside : inside.filter((form) => form !== "iptc");
  if (held.length > 0)
    await attempt(async () => {
      const { found, ...file } = await writeInside(picture, image, text, held, options);
      inPicture = found;
      return file;
    });
  if (sidecar !== "none" && forms.includes("xmp"))
    await attempt(() => writeBeside(picture, sidecar, image, text, options));
  if (held.length < inside.length) refused ??= iptcRefused(image);
  return { files, ...(inPicture && { picture: inPicture }), ...(refused !== undefined && { error: refused }) };
}

async function writeInside(
  picture: string,
  image: Uint8Array,
  text: PictureText,
  forms: readonly MetadataForm[],
  options: WriteTextOptions,
): Promise<WrittenFile & { readonly found: Stats }> {
  const path = await realpath(picture).catch((cause: unknown) => {
    throw unreadable(picture, cause);
  });
  const before = await stat(path).catch((cause: unknown) => {
    throw unreadable(picture, cause);
  });
  const bytes = await readRegularFile(path);
  if (Buffer.compare(bytes, image) !== 0) {
    throw new EdgecapError("data-invalid", `"${picture}" has changed since it was captioned: caption it again.`);
  }
  const { bytes: changed, reports } = writeIntoPicture(bytes, text, forms, options);
  let found = before;
  if (changed !== bytes) {
    if (options.dryRun === true) await assertWritable(path, before);
    else found = await replaceAtomically(path, changed, before);
  }
  return { path: picture, fields: reports, found };
}

async function writeBeside(
  picture: string,
  name: SidecarName,
  image: Uint8Array,
  text: PictureText,
  options: WriteTextOptions,
): Promise<WrittenFile> {
  const path = sidecarPath(picture, name);
  if (name === "adobe") await refuseShared(picture, path);
  // A sidecar that is a link stays a link.
  const real = await realpath(path).catch(() => path);
  const before = await stat(real).catch(() => undefined);
  const bytes = await readIfThere(real);
  const old = bytes && decodeXmp(bytes);
  let result: ReturnType<typeof writeIntoSidecar>;
  try {
    result = writeIntoSidecar(old, image, text, options);
  } catch (cause) {
    if (!(cause instanceof EdgecapError)) throw cause;
    throw new EdgecapError(cause.code, `"${path}": ${cause.message}`, { cause });
  }
  if (result.text !== old && options.dryRun === true) {
    if (before !== undefined && result.text !== undefined) await assertWritable(real, before);
  } else if (result.text !== old) {
    if (result.text === undefined) await remove(path);
    else if (before === undefined) await writeAtomically(real, result.text);
    else await replaceAtomically(real, utf8(result.text), before);
  }
  return { path, fields: result.reports };
}

/** The path of a picture's sidecar. */
function sidecarPath(picture: string, name: SidecarName): string {
  return name === "adobe" ? join(dirname(picture), `${parse(picture).name}.xmp`) : `${picture}.xmp`;
}

const pictureName = /\.(?:jpe?g|jpe|jfif|png|webp|gif|bmp)$/i;

/** Adobe's name leaves out the picture's extension: if two pictures differ only in that, neither may use it. */
async function refuseShared(picture: string, sidecar: string): Promise<void> {
  const { name, base } = parse(picture);
  const names = await readdir(dirname(picture)).catch(() => []);
  const other = names.find((one) => one !== base && parse(one).name === name && pictureName.test(extname(one)));
  if (other === undefined) return;
  throw new EdgecapError(
    "data-invalid",
    `"${sidecar}" would be the sidecar of "${basename(picture)}" and of "${other}": use --sidecar darktable.`,
  );
}

/**
 * Removes the sidecar of a picture that is gone, if it holds only what edgecap wrote.
 *
 * @throws {EdgecapError} `file-unreadable`, `file-unwritable`
 */
export async function removeSidecar(picture: string, name: SidecarName): Promise<void> {
  const path = sidecarPath(picture, name);
  const bytes = name === "none" ? undefined : await readIfThere(path);
  if (bytes === undefined) return;
  try {
    if (!isOwnSidecar(decodeXmp(bytes))) return;
  } catch (error) {
    // If it cannot be read, edgecap did not write it.
    if (error instanceof EdgecapError) return;
    throw error;
  }
  await remove(path);
}

async function remove(path: string): Promise<void> {
  await rm(path, { force: true }).catch((cause: unknown) => {
    throw unwritable(path, cause);
  });
}
