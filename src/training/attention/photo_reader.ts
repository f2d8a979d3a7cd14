import type { SeededRandom } from "../../dataset/seeded_random.ts";
import type { ConceptSlots } from "../concepts/concept_slots.ts";
import type { StandIns } from "../concepts/stand_ins.ts";
import type { PhotoGrids } from "../encoder/photo_grids.ts";
import { tf } from "../tensorflow.ts";
import type { EncodedPhoto } from "./batches.ts";
import type { EncodedText } from "./encoded_text.ts";
import type { PhotoInput } from "./model.ts";

/** One of the views of a photo; view 0 is the unchanged photo. */
export interface PhotoView {
  readonly image: string;
  readonly view: number;
}

/** The concepts of a run's photos. */
export interface PhotoConcepts {
  readonly slots: ConceptSlots;
  /** Probability of every noun, of a view of a photo. */
  probabilities(image: string, view: number): ArrayLike<number>;
  /** Makes up probabilities for captions without photos; needed by stages that learn from such captions. */
  readonly standIns?: StandIns;
}

/** Reads photos into the decoder's input. */
export class PhotoReader {
  readonly grids: PhotoGrids;
  readonly concepts: PhotoConcepts | undefined;

  /** @param concepts Of decoders that look at concepts. */
  constructor(grids: PhotoGrids, concepts?: PhotoConcepts) {
    this.grids = grids;
    this.concepts = concepts;
  }

  /** A random view of each photo. */
  randomViews(photos: readonly Pick<EncodedPhoto, "image">[], random: SeededRandom): PhotoView[] {
    return photos.map(({ image }) => ({ image, view: Math.floor(random.next() * this.grids.viewsOf(image)) }));
  }

  /** Features and concepts of some views, as tensors that belong to the caller. */
  read(views: readonly PhotoView[]): PhotoInput {
    const { regions, features } = this.grids.index;
    const elements = regions * features;
    const grid = new Float32Array(views.length * elements);
    for (const [place, { image, view }] of views.entries()) this.grids.read(image, view, grid, place * elements);
    const input = tf.tensor3d(grid, [views.length, regions, features]);
    const { concepts } = this;
    if (concepts === undefined) return { grid: input };
    return {
      grid: input,
      concepts: this.#slots(views.map(({ image, view }) => concepts.probabilities(image, view))),
    };
  }

  /** Stand-ins for the photos of captions that have none. */
  standIn(texts: readonly EncodedText[], random: SeededRandom): PhotoInput {
    const { standIns } = this.concepts ?? {};
    if (standIns === undefined) throw new TypeError("Captions without photos need stand-ins.");
    return { concepts: this.#slots(texts.map(({ nouns }) => standIns.draw(nouns, random))) };
  }

  #slots(probabilities: readonly ArrayLike<number>[]): tf.Tensor3D {
    const { slots } = this.concepts!;
    const data = new Float32Array(probabilities.length * slots.length);
    for (const [place, ofPhoto] of probabilities.entries()) slots.write(ofPhoto, data, place * slots.length);
    return tf.tensor3d(data, [probabilities.length, slots.shape.slots, slots.shape.vector + 1]);
  }
}
