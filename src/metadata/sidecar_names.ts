/**
 * Name of a sidecar: `darktable`: `a.jpg.xmp` (digiKam too); `adobe`: `a.xmp`; `none`: XMP goes into the picture.
 */
export const sidecarNames = ["none", "darktable", "adobe"] as const;

/** See {@linkcode sidecarNames}. */
export type SidecarName = (typeof sidecarNames)[number];
