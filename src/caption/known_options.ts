import { EdgecapError } from "../errors.ts";

/** Other libraries' names for the same options, in lower case without `_` and `-`. */
const elsewhere: Readonly<Record<string, string>> = {
  beamsize: "beams",
  beamwidth: "beams",
  maxlength: "maxWords",
  maxnewtokens: "maxWords",
  maxtokens: "maxWords",
  numbeams: "beams",
  numreturnsequences: "alternatives",
  device: "backend",
  model: "bundle",
  progresscallback: "onProgress",
  wasmpaths: "assets",
};

/**
 * Refuses unknown options: a misspelt one would have no effect, and nobody would notice.
 *
 * @param options The options that were passed; a value of `undefined` counts as left out.
 * @param known Every known name.
 * @param where The called function, for the message.
 * @throws {EdgecapError} `option-invalid`, naming the option, the nearest one that exists, and all others.
 */
export function refuseUnknown(options: object, known: readonly string[], where: string): void {
  if (typeof options !== "object" || options === null) {
    throw new EdgecapError(
      "option-invalid",
      `${where} takes its options as an object, not ${JSON.stringify(options)}.`,
    );
  }
  for (const [name, value] of Object.entries(options)) {
    if (value === undefined || known.includes(name)) continue;
    const near = nearest(name, known);
    const hint = near === undefined ? "" : ` Did you mean "${near}"?`;
    throw new EdgecapError("option-invalid", `${where} has no option "${name}".${hint} It takes ${known.join(", ")}.`);
  }
}

/** The known name that was most likely meant; `undefined` if none is near. */
export function nearest(name: string, known: readonly string[]): string | undefined {
  const plain = (text: string) => text.toLowerCase().replaceAll(/[_-]/g, "");
  const meant = elsewhere[plain(name)];
  if (meant !== undefined && known.includes(meant)) return meant;
  const [best] = known
    .map((other) => ({ other, distance: editDistance(plain(name), plain(other)) }))
    .filter(({ other, distance }) => distance <= Math.max(1, Math.floor(other.length / 3)))
    .sort((a, b) => a.distance - b.distance);
  return best?.other;
}

/** Number of letters to insert, delete, replace or swap with their neighbour to turn `a` into `b`. */
function editDistance(a: string, b: string): number {
  let before: number[] = [];
  let above = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      row[j] = Math.min(above[j]! + 1, row[j - 1]! + 1, above[j - 1]! + (same ? 0 : 1));
      if (swapped) row[j] = Math.min(row[j]!, before[j - 2]! + 1);
    }
    before = above;
    above = row;
  }
  return above[b.length]!;
}
