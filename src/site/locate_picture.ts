import { realpath } from "node:fs/promises";
import { join, sep } from "node:path";
import { unreadable } from "../files/read_regular.ts";

/** Where a picture of a document is. */
export type Located =
  | { readonly kind: "file"; readonly path: string }
  /** The scheme of its address, such as `https` or `data`. */
  | { readonly kind: "remote"; readonly scheme: string }
  | { readonly kind: "missing"; readonly why: string };

/** The address that others are relative to. */
export interface AddressContext {
  /** The folder of the site, as `realpath` gives it. */
  readonly root: string;
  /** Path of the document below it, with slashes. */
  readonly document: string;
  /** The address in `<base>`. */
  readonly base?: string;
}

/** Stands for the site; nobody can own this top-level domain. */
const origin = "http://site.invalid";

/**
 * Finds the file of the site that an address leads to, as a browser would request it: relative to the document, or to
 * the site if it begins with a slash. Query and fragment are ignored. Nothing outside the site is found, not even
 * through links.
 */
export async function locatePicture(source: string, { root, document, base }: AddressContext): Promise<Located> {
  let url: URL;
  try {
    const page = new URL(`${origin}/${document.split("/").map(encodeURIComponent).join("/")}`);
    url = new URL(source, base === undefined ? page : new URL(base, page));
  } catch {
    return { kind: "missing", why: "its address is not valid" };
  }
  if (url.origin !== origin) return { kind: "remote", scheme: url.protocol.slice(0, -1) };
  const names: string[] = [];
  for (const name of url.pathname.slice(1).split("/")) {
    const decoded = decodedName(name);
    if (decoded === undefined) return { kind: "missing", why: "its address is not UTF-8" };
    // A name that holds a separator is not the name of a file: "%2F", or a backslash on Windows.
    if (/[/\0]/.test(decoded) || (sep === "\\" && /[\\:]/.test(decoded)) || decoded === "..") {
      return { kind: "missing", why: "its address does not name a file of the site" };
    }
    names.push(decoded);
  }
  const path = join(root, ...names);
  try {
    const real = await realpath(path);
    if (!real.startsWith(root.endsWith(sep) ? root : `${root}${sep}`)) {
      return { kind: "missing", why: "it is outside the site" };
    }
    return { kind: "file", path: real };
  } catch (cause) {
    const code = (cause as { readonly code?: unknown }).code;
    if (code === "ENOENT" || code === "ENOTDIR") return { kind: "missing", why: "there is no such file" };
    return { kind: "missing", why: unreadable(path, cause).message };
  }
}

function decodedName(name: string): string | undefined {
  try {
    // A percent sign that begins no code stands for itself, as browsers read it.
    return decodeURIComponent(name.replaceAll(/%(?![0-9a-f]{2})/gi, "%25"));
  } catch {
    return undefined;
  }
}
