/** `--bundle` of the verbs that take models of other libraries too. */
export const bundleFlag = [
  "--bundle <dir>",
  "bundle: fast, its folder or its URL; or transformers:FOLDER (default: the one that comes with edgecap)",
] as const;

/** `--bundle` of the verbs that take edgecap's own bundles only. */
export const ownBundleFlag = [
  "--bundle <dir>",
  "bundle: fast, its folder or its URL (default: the one that comes with edgecap)",
] as const;
