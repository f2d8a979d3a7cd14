/**
 * How often a property is tried. `bun run ok` tries the costly ones less often; `bun run ok:all` sets
 * `EDGECAP_ALL_RUNS` and tries them in full.
 */
const tried = process.env["EDGECAP_ALL_RUNS"] === "1" ? 1 : 0.2;

/** How often to try a property that takes seconds, of the `all` times of `bun run ok:all`. */
export function runs(all: number): number {
  return Math.ceil(all * tried);
}
