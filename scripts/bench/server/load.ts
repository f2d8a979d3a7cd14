import { readFileSync } from "node:fs";
import type { Captioner } from "../../../src/mod.ts";

/** The pictures of the repository. */
export const photos: readonly Uint8Array<ArrayBuffer>[] = ["coffee", "chelsea", "astronaut", "china", "flower"].map(
  (name) => new Uint8Array(readFileSync(new URL(`../../../examples/${name}.jpg`, import.meta.url))),
);

/** Greedy captions of the pictures, by the library. */
export async function expectedCaptions(
  captioner: Captioner,
  pictures: readonly Uint8Array[],
): Promise<readonly string[]> {
  const captions: string[] = [];
  for (const picture of pictures) captions.push((await captioner.caption(picture, { beams: 1 })).caption);
  return captions;
}

/** Captions one picture over HTTP, without the cache, and without sharing work with equal requests. */
export function ask(url: string, picture: Uint8Array<ArrayBuffer>, seed: number): Promise<Response> {
  return fetch(`${url}/v1/captions?beams=1&seed=${seed}`, {
    method: "POST",
    body: picture,
    headers: { "content-type": "image/jpeg", "cache-control": "no-store" },
  });
}

/** Runs `work` repeatedly from a number of connections for some time; returns the time of each run, in milliseconds. */
export async function under(
  connections: number,
  seconds: number,
  work: (turn: number) => Promise<void>,
): Promise<{ readonly times: number[]; readonly perSecond: number }> {
  const times: number[] = [];
  const started = performance.now();
  const end = started + seconds * 1000;
  let turn = 0;
  await Promise.all(
    Array.from({ length: connections }, async () => {
      while (performance.now() < end) {
        const begun = performance.now();
        await work(turn++);
        times.push(performance.now() - begun);
      }
    }),
  );
  return { times, perSecond: (times.length * 1000) / (performance.now() - started) };
}

/** The value that a share of the values is below. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(Math.floor(sorted.length * share), sorted.length - 1)] ?? Number.NaN;
}
