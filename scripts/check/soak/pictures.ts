import { readFileSync } from "node:fs";

/** A picture of the soak. */
export interface SoakPicture {
  readonly name: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Whether edgecap should caption it; it should refuse the others with a code. */
  readonly good: boolean;
}

const example = (name: string) =>
  new Uint8Array(readFileSync(new URL(`../../../examples/${name}.jpg`, import.meta.url)));

/** The head of a PNG that claims to have 60,000 x 60,000 pixels. */
function promisingPng(): Uint8Array<ArrayBuffer> {
  const png = new Uint8Array(readFileSync(new URL("../../../test/fixtures/images/rgb.png", import.meta.url)));
  const view = new DataView(png.buffer);
  view.setUint32(16, 60_000);
  view.setUint32(20, 60_000);
  view.setUint32(29, Bun.hash.crc32(png.subarray(12, 29)));
  return png;
}

/** Good pictures and bad ones in turn, the same number of each. */
export function soakPictures(): SoakPicture[] {
  const good = ["coffee", "chelsea", "astronaut", "china", "flower"].map((name) => ({ name, bytes: example(name) }));
  const coffee = example("coffee");
  const bad: [string, Uint8Array<ArrayBuffer>][] = [
    ["empty", new Uint8Array()],
    ["text", new TextEncoder().encode("This is not a picture.")],
    ["cut", coffee.slice(0, coffee.length / 2)],
    ["head", coffee.slice(0, 30)],
    ["promising", promisingPng()],
  ];
  return good.flatMap((one, place) => {
    const [name, bytes] = bad[place]!;
    return [
      { ...one, good: true },
      { name, bytes, good: false },
    ];
  });
}
