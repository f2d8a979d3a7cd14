import { SeededRandom } from "../../../src/dataset/seeded_random.ts";
import { Canvas } from "./canvas.ts";
import { type Kind, kinds } from "./drawings.ts";
import { encodePng } from "./png.ts";

/** Pictures of each kind. */
const ofEach = 5;

/** Which of its two ways a kind is drawn in, and the seed of the random numbers. */
export interface NonSceneChoice {
  readonly variants: keyof Kind;
  readonly seed: number;
}

/** Drawings that the confidence is judged on. */
export const judgedNonScenes: NonSceneChoice = { variants: "judged", seed: 1 };
/** Drawings that it is fitted on: different ones, from other random numbers. */
export const fittingNonScenes: NonSceneChoice = { variants: "fitting", seed: 2 };

/** A picture without a scene, as a PNG. */
export interface NonScene {
  readonly name: string;
  readonly png: Uint8Array;
}

/** Draws 60 pictures without a scene, five of each of twelve kinds; the same choice gives the same bytes. */
export function* drawNonScenes({ variants, seed }: NonSceneChoice): Generator<NonScene> {
  const random = new SeededRandom(seed);
  for (const [kind, drawings] of Object.entries(kinds)) {
    for (let number = 1; number <= ofEach; number++) {
      const canvas = new Canvas(320, 240, [255, 255, 255]);
      drawings[variants](canvas, random);
      yield { name: `${kind}-${number}.png`, png: encodePng(canvas.rgb, canvas.width, canvas.height) };
    }
  }
}
