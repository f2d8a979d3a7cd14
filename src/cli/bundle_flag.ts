/** `--bundle` of the verbs that take models of other libraries too. */
export const bundleFlag = [
  "--bundle <dir>",
  "bundle to use: fast, a folder, a URL, or transformers:FOLDER (default: the one that comes with edgecap)",
] as const;

/** `--bundle` of the verbs that take edgecap's own bundles only. */
export const ownBundleFlag = [
  "--bundle <dir>",
  "bundle to use: fast, a folder or a URL (default: the one that comes with edgecap)",
] as const;
