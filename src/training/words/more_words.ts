/** A vocabulary with known weights, and one that needs weights. */
export interface WordChange {
  /** Words by id. */
  readonly from: readonly string[];
  readonly to: readonly string[];
  /** Fixed vectors of words, all of one length. */
  readonly vectors: ReadonlyMap<string, Float32Array>;
  /** How often training captions hold each word of `to`, by id. */
  readonly counts: readonly number[];
}

/** Keeps the regression from trusting directions that only few words support. */
const ridge = 10;

/**
 * The weights of a decoder for another vocabulary. Words that both have keep their weights. A new word gets those that
 * a ridge regression from word vectors predicts (Anderson et al., 2018), and the bias of a similarly rare word.
 *
 * @param arrays Weights by name; `embedding`, `output_kernel` and `output_bias` change, the others do not.
 */
export function withMoreWords(
  arrays: ReadonlyMap<string, Float32Array>,
  change: WordChange,
): Map<string, Float32Array> {
  const { from, to } = change;
  const embedding = arrays.get("embedding")!;
  const kernel = arrays.get("output_kernel")!;
  const bias = arrays.get("output_bias")!;
  const length = embedding.length / from.length;
  const units = kernel.length / from.length;
  const known = new Map(from.map((word, id) => [word, id]));
  const rows = from.map((_, id) => [
    ...embedding.subarray(id * length, (id + 1) * length),
    ...Array.from({ length: units }, (_, unit) => kernel[unit * from.length + id]!),
  ]);
  const expected = regression(change, rows);
  const biasOf = biasByCount(change, bias);
  const next = {
    embedding: new Float32Array(to.length * length),
    kernel: new Float32Array(units * to.length),
    bias: new Float32Array(to.length),
  };
  for (const [id, word] of to.entries()) {
    const before = known.get(word);
    const row = before === undefined ? expected(word) : rows[before]!;
    next.embedding.set(row.slice(0, length), id * length);
    for (let unit = 0; unit < units; unit++) next.kernel[unit * to.length + id] = row[length + unit]!;
    next.bias[id] = before === undefined ? biasOf(id) : bias[before]!;
  }
  return new Map([
    ...arrays,
    ["embedding", next.embedding],
    ["output_kernel", next.kernel],
    ["output_bias", next.bias],
  ]);
}

/** The prediction for a word of a linear map from vectors, fitted to the words that have both. */
function regression({ from, vectors }: WordChange, rows: readonly (readonly number[])[]): (word: string) => number[] {
  const width = rows[0]!.length;
  const both = from.flatMap((word, id) => (vectors.has(word) ? [id] : []));
  const input = (word: string) => [...(vectors.get(word) ?? []), 1];
  const size = both.length === 0 ? 0 : input(from[both[0]!]!).length;
  const left = Array.from({ length: size }, (_, i) =>
    Float64Array.from({ length: size }, (_, j) => (i === j ? ridge : 0)),
  );
  const right = Array.from({ length: size }, () => new Float64Array(width));
  for (const id of both) {
    const x = input(from[id]!);
    for (let i = 0; i < size; i++) {
      for (let j = 0; j < size; j++) left[i]![j]! += x[i]! * x[j]!;
      for (let k = 0; k < width; k++) right[i]![k]! += x[i]! * rows[id]![k]!;
    }
  }
  solve(left, right);
  const mean = Array.from({ length: width }, (_, k) => rows.reduce((sum, row) => sum + row[k]! / rows.length, 0));
  return (word) => {
    if (!vectors.has(word)) return mean;
    const x = input(word);
    return Array.from({ length: width }, (_, k) => x.reduce((sum, value, i) => sum + value * right[i]![k]!, 0));
  };
}

/** Solves left * x = right in place by Gauss-Jordan elimination: `right` becomes x. `left` is positive definite. */
function solve(left: readonly Float64Array[], right: readonly Float64Array[]): void {
  for (const [pivot, row] of left.entries()) {
    const scale = 1 / row[pivot]!;
    for (let j = 0; j < row.length; j++) row[j]! *= scale;
    const wanted = right[pivot]!;
    for (let k = 0; k < wanted.length; k++) wanted[k]! *= scale;
    for (const [i, other] of left.entries()) {
      const factor = i === pivot ? 0 : other[pivot]!;
      if (factor === 0) continue;
      for (let j = 0; j < other.length; j++) other[j]! -= factor * row[j]!;
      for (let k = 0; k < wanted.length; k++) right[i]![k]! -= factor * wanted[k]!;
    }
  }
}

/** Mean bias of known words that are about as frequent. */
function biasByCount({ from, to, counts }: WordChange, bias: Float32Array): (id: number) => number {
  const before = new Map(from.map((word, id) => [word, id]));
  const known = to.flatMap((word, id) => {
    const old = before.get(word);
    return old === undefined || counts[id] === 0 ? [] : [{ count: counts[id]!, bias: bias[old]! }];
  });
  return (id) => {
    const near = [...known]
      .sort((a, b) => distance(a.count, counts[id]!) - distance(b.count, counts[id]!))
      .slice(0, 50);
    return near.reduce((sum, entry) => sum + entry.bias / near.length, 0);
  };
}

function distance(a: number, b: number): number {
  return Math.abs(Math.log((a + 1) / (b + 1)));
}
