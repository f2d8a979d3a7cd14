import type { PhotoConcepts } from "../attention/photo_reader.ts";
import type { PhotoGrids } from "../encoder/photo_grids.ts";
import { type ConceptHead, conceptProbabilities } from "./concept_head.ts";
import type { ConceptSlots } from "./concept_slots.ts";
import { photoMeans } from "./photo_means.ts";
import { StandIns } from "./stand_ins.ts";

/** Photos whose nouns' probabilities are known. */
export interface ProbabilityTable {
  readonly images: readonly string[];
  /** First row of each photo; its views follow one another. */
  readonly first: readonly number[];
  /** [rows, nouns] */
  readonly probabilities: Float32Array;
}

/** A head's output for every view of some photos. */
export function judgePhotos(images: readonly string[], grids: PhotoGrids, head: ConceptHead): ProbabilityTable {
  const { first, rows, features } = photoMeans(images, grids);
  return { images, first, probabilities: conceptProbabilities(head, rows, features) };
}

/** The concepts of a run's photos; see {@linkcode PhotoConcepts}. */
export class KnownConcepts implements PhotoConcepts {
  readonly slots: ConceptSlots;
  readonly standIns?: StandIns;
  readonly #rows = new Map<string, { readonly table: ProbabilityTable; readonly first: number }>();

  /**
   * @param named Nouns that the captions of training photos name, used to make up those of captions without photos. A
   *   photo that occurs several times is drawn that much more often.
   */
  constructor(
    slots: ConceptSlots,
    tables: readonly ProbabilityTable[],
    named: readonly { readonly image: string; readonly nouns: ReadonlySet<number> }[] = [],
  ) {
    this.slots = slots;
    for (const table of tables) {
      for (const [place, image] of table.images.entries()) {
        this.#rows.set(image, { table, first: table.first[place]! });
      }
    }
    const judged = named
      .filter(({ nouns }) => nouns.size > 0)
      .map(({ image, nouns }) => ({ nouns, probabilities: this.probabilities(image, 0) }));
    if (judged.length > 0) this.standIns = new StandIns(judged, slots.shape.nouns);
  }

  /** See {@linkcode PhotoConcepts}. */
  probabilities(image: string, view: number): Float32Array {
    const row = this.#rows.get(image);
    if (row === undefined) throw new RangeError(`The concepts of "${image}" are unknown.`);
    const { nouns } = this.slots.shape;
    const start = (row.first + view) * nouns;
    return row.table.probabilities.subarray(start, start + nouns);
  }
}
