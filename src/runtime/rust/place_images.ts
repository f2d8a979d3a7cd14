import { type Plan, readsOf } from "./plan.ts";

/** Where each image lies in one piece of memory. */
export interface Placement {
  /** Offsets by the images' names, each a multiple of 64. */
  readonly offsets: ReadonlyMap<string, number>;
  /** Length of the memory. */
  readonly bytes: number;
}

interface Place {
  readonly offset: number;
  readonly bytes: number;
}

/** Gives each image a place that no other image has before its last reader has read it. */
export function placeImages({ steps, last }: Pick<Plan, "steps" | "last">, bytesPerNumber: number): Placement {
  const lastRead = new Map<string, number>();
  for (const [at, step] of steps.entries()) for (const { name } of readsOf(step)) lastRead.set(name, at);
  for (const { name } of last) lastRead.set(name, steps.length);
  const free: Place[] = [];
  const held = new Map<string, Place>();
  const offsets = new Map<string, number>();
  let end = 0;
  for (const [at, step] of steps.entries()) {
    const { name, size, channels } = step.output;
    const bytes = Math.ceil((size * size * channels * bytesPerNumber) / 64) * 64;
    const fits = free.filter((place) => place.bytes >= bytes).sort((a, b) => a.bytes - b.bytes)[0];
    if (fits !== undefined) free.splice(free.indexOf(fits), 1);
    const place = fits ?? { offset: end, bytes };
    if (fits === undefined) end += bytes;
    held.set(name, place);
    offsets.set(name, place.offset);
    for (const read of new Set(readsOf(step))) {
      const done = held.get(read.name);
      if (done === undefined || lastRead.get(read.name) !== at) continue;
      held.delete(read.name);
      free.push(done);
    }
  }
  return { offsets, bytes: end };
}
