/** Picture files in a browser, which has none. Exports the same as files.ts. */
import type { LocalFiles } from "./local_files.ts";

/** A text without a scheme is an address relative to the page. */
export const localFiles: LocalFiles | undefined = undefined;
