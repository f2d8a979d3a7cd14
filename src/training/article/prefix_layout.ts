import type { PrefixPair } from "./prefix_pairs.ts";

/**
 * Pre-padded prefixes without their padding, as plain arrays: rows by falling length, so that the rows in use at a step
 * are always the first ones.
 */
export interface PrefixLayout {
  /** For each row, the place in the list of prefixes that it came from. */
  readonly order: Int32Array;
  /** Zero steps before the first word of the longest prefix. */
  readonly firstStep: number;
  /** Rows in use at each step, from `firstStep` to the last; the last count is all of them. */
  readonly counts: readonly number[];
  /** Words, step after step, each with the rows in use there: [sum of counts]. */
  readonly ids: Int32Array;
}

/**
 * Lays prefixes out for {@linkcode textVectors}.
 *
 * @param prefixes Words so far, at least one each; a prefix longer than `longest` keeps its last words.
 * @param longest Length that a prefix would be padded to.
 */
export function prefixLayout(prefixes: readonly Int32Array[], longest: number): PrefixLayout {
  const kept = prefixes.map((ids) => (ids.length > longest ? ids.subarray(ids.length - longest) : ids));
  const order = Int32Array.from(kept.keys()).sort((a, b) => kept[b]!.length - kept[a]!.length || a - b);
  const rows = Array.from(order, (place) => kept[place]!);
  const steps = rows[0]?.length ?? 0;
  const counts: number[] = [];
  const ids: number[] = [];
  let used = 0;
  for (let remaining = steps; remaining > 0; remaining--) {
    while (used < rows.length && rows[used]!.length >= remaining) used++;
    counts.push(used);
    for (let row = 0; row < used; row++) ids.push(rows[row]![rows[row]!.length - remaining]!);
  }
  return { order, firstStep: longest - steps, counts, ids: Int32Array.from(ids) };
}

/** Caption and next word of each row of a layout. */
export function rowsOf(
  { order }: PrefixLayout,
  pairs: readonly PrefixPair[],
): { captions: Int32Array; labels: Int32Array } {
  return {
    captions: order.map((place) => pairs[place]!.caption),
    labels: order.map((place) => pairs[place]!.next),
  };
}
