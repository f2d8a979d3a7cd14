/**
 * Tests that need what a machine may lack. They are skipped there, and counted with their reason: `scripts/ok.ts` reads
 * it from the test's name. A test that returns early instead would count as passed.
 *
 * @example
 * ```ts
 * testUnless(noRedis, "keeps a queue", async () => { … });
 * ```
 */
import { describe, test } from "bun:test";

function named(title: string, missing: string): string {
  return `${title} [skipped: ${missing}]`;
}

/** Defines a test, or skips it because of what is `missing` (a few words; `undefined` if nothing is). */
export function testUnless(missing: string | undefined, title: string, work: () => unknown): void {
  if (missing === undefined) test(title, work as () => void);
  else test.skip(named(title, missing), work as () => void);
}

/** Defines a group of tests, or skips all of them because of what is `missing`. */
export function describeUnless(missing: string | undefined, title: string, work: () => void): void {
  if (missing === undefined) describe(title, work);
  else describe.skip(named(title, missing), work);
}
