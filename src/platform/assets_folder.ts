import { EdgecapError } from "../errors.ts";

let chosen: URL | undefined;

/** The folder given to `load`, if any, which `edgecap assets` wrote. */
export function assetsFolder(): URL | undefined {
  return chosen;
}

/**
 * Uses the WebAssembly in this folder from now on. A process compiles it only once, so it has only one such folder.
 *
 * @param folder With or without a slash at the end.
 * @returns The folder, with a slash at the end.
 * @throws {EdgecapError} `option-invalid` if it is another folder than before.
 */
export function chooseAssetsFolder(folder: URL): URL {
  const whole = new URL(folder);
  if (!whole.pathname.endsWith("/")) whole.pathname += "/";
  if (chosen !== undefined && chosen.href !== whole.href) {
    throw new EdgecapError(
      "option-invalid",
      `assets is "${whole.href}", but this process already uses "${chosen.href}": give every load() the same folder.`,
    );
  }
  chosen = whole;
  return whole;
}
