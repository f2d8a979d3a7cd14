import { imagenetClasses, type Noun } from "../../concepts/noun_table.ts";
import type { Classifier } from "./classifier.ts";

/** Classes that are kept by default: with them the head and its names take 2.5 MB. */
const classesKept = 610;
/** Classes that a group keeps, even if all of them are alike. */
const leastOfGroup = 2;

/**
 * Chooses the classes of ImageNet that say most about the nouns: ImageNet tells 121 breeds of dogs apart, and captions
 * name none of them. Classes that show the same nouns form a group, and those without a noun one more. Each group keeps
 * the class that is most like its others and the one that is least like that. Then, one after another, the class is
 * kept that is least like those kept of its group (farthest-first traversal, by the cosine of the weights).
 *
 * @param count Classes to keep, at least two for each group.
 * @returns Numbers of the classes, in ascending order.
 */
export function chooseClasses(
  { kernel }: Pick<Classifier, "kernel">,
  nouns: readonly Pick<Noun, "classes">[],
  count = classesKept,
): number[] {
  const groups = new Map<string, number[]>();
  for (let number = 0; number < imagenetClasses; number++) {
    const shown = nouns.flatMap(({ classes }, noun) => (classes.includes(number) ? [noun] : [])).join(" ");
    groups.set(shown, [...(groups.get(shown) ?? []), number]);
  }
  const ordered = [...groups.values()].map((group) => farthestFirst(kernel, group));
  const firsts = ordered.flatMap((group) => group.slice(0, leastOfGroup));
  const others = ordered.flatMap((group) => group.slice(leastOfGroup)).sort((a, b) => b.difference - a.difference);
  return [...firsts, ...others.slice(0, count - firsts.length)].map(({ number }) => number).sort((a, b) => a - b);
}

/** A classifier of only some of ImageNet's classes. @param chosen Their numbers. */
export function takeClasses({ kernel, bias }: Classifier, chosen: readonly number[]): Classifier {
  return { kernel: takeColumns(kernel, chosen), bias: takeColumns(bias, chosen) };
}

/** A class, and how much it differs from the classes of its group that come before it. */
interface GroupMember {
  readonly number: number;
  readonly difference: number;
}

/** The classes of a group, each the one that differs most from those before it. The differences fall. */
function farthestFirst(kernel: Float32Array, group: readonly number[]): GroupMember[] {
  const columns = group.map((number) => unitColumn(kernel, number));
  const likeness = columns.map((one) => columns.map((other) => dot(one, other)));
  const sums = likeness.map((row) => row.reduce((sum, x) => sum + x, 0));
  const nearest = new Float64Array(group.length).fill(-1);
  return group.map((_, order) => {
    const next = order === 0 ? sums.indexOf(Math.max(...sums)) : nearest.indexOf(Math.min(...nearest));
    const difference = 1 - nearest[next]!;
    for (const [i, x] of likeness[next]!.entries()) nearest[i] = Math.max(nearest[i]!, x);
    nearest[next] = Number.POSITIVE_INFINITY;
    return { number: group[next]!, difference };
  });
}

function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

/** The weights of a class with mean 0 and length 1. */
function unitColumn(kernel: Float32Array, number: number): Float32Array {
  const column = takeColumns(kernel, [number]);
  const mean = column.reduce((sum, x) => sum + x, 0) / column.length;
  const length = Math.hypot(...column.map((x) => x - mean));
  return column.map((x) => (x - mean) / length);
}

function takeColumns(matrix: Float32Array, columns: readonly number[]): Float32Array {
  const rows = matrix.length / imagenetClasses;
  const taken = new Float32Array(rows * columns.length);
  for (let row = 0; row < rows; row++) {
    for (const [to, from] of columns.entries())
      taken[row * columns.length + to] = matrix[row * imagenetClasses + from]!;
  }
  return taken;
}
