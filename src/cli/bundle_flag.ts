/** `--bundle` of the verbs that take models of other libraries too. */
export const bundleFlag = [
  "--bundle <dir>",
  "fast, folder or URL of a bundle, or transformers:FOLDER (default: the one that comes with edgecap)",
] as const;

/** `--bundle` of the verbs that take edgecap's own bundles only. */
export const ownBundleFlag = [
  "--bundle <dir>",
  "fast, or folder or URL of a bundle (default: the one that comes with edgecap)",
] as const;
