import { metadataForms } from "../metadata/fields.ts";

/** Where captions go: `captions.json`, the page `index.html`, or the metadata of each picture. */
export const galleryForms = ["json", "html", ...metadataForms] as const;

/** See {@linkcode galleryForms}. */
export type GalleryForm = (typeof galleryForms)[number];
