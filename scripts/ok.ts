/**
 * Everything that must pass before a change is accepted.
 *
 * `bun run ok` checks types, lint and the quick tests on Bun and on Deno, in a few minutes. `bun run ok:all` checks the
 * rest too: the long tests (files named `NAME_long_test.ts` and `NAME_long_bun_test.ts`), the Rust crates, and the
 * builds. Both run all steps even if one fails, and end with a table and the line "N passed, N failed, N skipped".
 */
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { runSteps } from "./ok/run_steps.ts";
import { lockSteps, longSteps, quickSteps } from "./ok/steps.ts";
import { summary } from "./ok/summary.ts";

const root = fileURLToPath(new URL("..", import.meta.url));

/** Prints what is missing, and ends. */
function refuse(message: string): never {
  console.error(message);
  process.exit(1);
}

async function main(): Promise<void> {
  const [tier, ...more] = process.argv.slice(2);
  if ((tier !== undefined && tier !== "all") || more.length > 0) refuse("usage: bun scripts/ok.ts [all]");
  // bun install --frozen-lockfile succeeds without a lockfile, and then installs whatever is newest.
  if (!existsSync(join(root, "bun.lock")))
    refuse(`There is no "bun.lock" in this checkout: restore it with "git checkout bun.lock" and install again.`);
  const bin = join(root, "node_modules/.bin");
  if (!existsSync(bin)) refuse(`There is no "node_modules" here: run "npx --yes bun@1.4.5 install --frozen-lockfile".`);
  process.env["PATH"] = `${bin}${delimiter}${process.env["PATH"] ?? ""}`;
  const scratch = mkdtempSync(join(tmpdir(), "edgecap-ok-"));
  try {
    const all = tier === "all";
    // Some tests wait for a server or a process, so a third step can run. Long tests measure memory and time.
    const lanes = Math.min(all ? 2 : 3, availableParallelism() + 1);
    const steps = [...quickSteps(root, scratch, all), ...(all ? longSteps(root, scratch) : [])];
    const outcomes = [...(await runSteps(root, lockSteps(), 1)), ...(await runSteps(root, steps, lanes))];
    console.log(`\n${summary(outcomes)}`);
    process.exitCode = outcomes.every(({ state }) => state !== "failed") ? 0 : 1;
  } finally {
    rmSync(scratch, { recursive: true });
  }
}

if (import.meta.main) await main();
