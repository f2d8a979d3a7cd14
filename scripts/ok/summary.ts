import type { Counts, Skip } from "./counts.ts";

/** The result of a step. */
export interface Outcome {
  readonly name: string;
  readonly state: "ok" | "failed" | "skipped";
  readonly seconds: number;
  readonly counts: Counts;
}

/** How many names of skipped tests are listed under a reason. */
const NAMES = 5;

function skipLines(outcomes: readonly Outcome[]): string[] {
  const groups = new Map<string, string[]>();
  const add = (step: string, { name, reason = "no reason given" }: Skip) =>
    groups.set(reason, [...(groups.get(reason) ?? []), name === "" ? step : `${step}: ${name}`]);
  for (const { name, counts } of outcomes) for (const skip of counts.skipped) add(name, skip);
  return [...groups].flatMap(([reason, names]) => [
    `skipped  ${String(names.length).padStart(4)}  ${reason}`,
    ...names.slice(0, NAMES).map((name) => `               ${name}`),
    ...(names.length > NAMES ? [`               and ${names.length - NAMES} more`] : []),
  ]);
}

/** The table of steps and of skipped tests, followed by the sum on a separate line. */
export function summary(outcomes: readonly Outcome[]): string {
  const width = Math.max(...outcomes.map(({ name }) => name.length));
  const rows = outcomes.map(({ name, state, seconds, counts }) => {
    const skipped = counts.skipped.length > 0 ? `, ${counts.skipped.length} skipped` : "";
    const tests = `${counts.passed} passed, ${counts.failed} failed${skipped}`;
    const label = state === "failed" ? "FAILED" : state;
    return `${label.padEnd(7)}  ${name.padEnd(width)}  ${seconds.toFixed(1).padStart(6)} s  ${tests}`;
  });
  const silent = outcomes.flatMap(({ name, counts }) =>
    (counts.silent ?? []).map((test) => `FAILED   ${name}: "${test}" checks nothing`),
  );
  const sum = (key: "passed" | "failed") => outcomes.reduce((total, { counts }) => total + counts[key], 0);
  const skipped = outcomes.reduce((total, { counts }) => total + counts.skipped.length, 0);
  const total = `${sum("passed")} passed, ${sum("failed")} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`;
  const parts = [rows, silent, skipLines(outcomes)].filter((lines) => lines.length > 0);
  return `${parts.map((lines) => lines.join("\n")).join("\n\n")}\n\n${total}`;
}
