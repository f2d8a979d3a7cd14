/** Reads the counts of the test runners from their output. */

/** A test that did not run, and why. */
export interface Skip {
  readonly name: string;
  /** What was missing, or `undefined` if the test does not say. */
  readonly reason: string | undefined;
}

/** How many tests passed and failed, and which were skipped. */
export interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: readonly Skip[];
  /** Tests that passed although they checked nothing. They count as failed. */
  readonly silent?: readonly string[];
}

/** The counts of a step without tests. */
export const none: Counts = { passed: 0, failed: 0, skipped: [] };

interface TestCase {
  readonly name: string;
  /** Names of the groups around it, joined by the runner. */
  readonly group: string;
  readonly attributes: string;
  readonly body: string;
}

function unescapeXml(text: string): string {
  const entities: Readonly<Record<string, string>> = { quot: '"', apos: "'", lt: "<", gt: ">", amp: "&" };
  return text.replaceAll(/&(?:#x([\da-f]+)|#(\d+)|(\w+));/gi, (whole, hexadecimal, decimal, name) => {
    if (name !== undefined) return entities[name] ?? whole;
    return String.fromCodePoint(hexadecimal === undefined ? Number(decimal) : Number.parseInt(hexadecimal, 16));
  });
}

function testCases(report: string): TestCase[] {
  const pattern = /<testcase ((?:[\w:-]+="[^"]*"\s*)*)(?:\/>|>([\s\S]*?)<\/testcase>)/g;
  return [...report.matchAll(pattern)].map(([, attributes = "", body = ""]) => {
    const value = (name: string) => unescapeXml(new RegExp(`(?:^|\\s)${name}="([^"]*)"`).exec(attributes)?.[1] ?? "");
    return { name: value("name"), group: value("classname"), attributes, body };
  });
}

/** The reason in a test's name, as `test/skip.ts` writes it: `name [skipped: reason]`. */
function skipOf(name: string): Skip {
  const [, reason] = /\[skipped: (.+?)\](?: > |$)/.exec(name) ?? [];
  return { name: name.replace(/ ?\[skipped: .+?\](?= > |$)/, ""), reason };
}

/** Counts the cases of a report: skipped, failed, passed. */
function countCases(cases: readonly TestCase[], nameOf: (one: TestCase) => string): Counts {
  const skipped = cases.filter(({ body }) => body.includes("<skipped"));
  const failed = cases.filter(({ body }) => /<(?:failure|error)\b/.test(body));
  return {
    passed: cases.length - skipped.length - failed.length,
    failed: failed.length,
    skipped: skipped.map((one) => skipOf(nameOf(one))),
  };
}

/**
 * The tests of `bun test`: its JUnit report, and its last lines for what the report leaves out, a file that does not
 * load. A test that passed without an assertion counts as failed.
 */
export function countBun(output: string, report: string): Counts {
  const cases = testCases(report);
  // Groups come innermost first, joined by " > ".
  const nameOf = ({ name, group }: TestCase) => [...group.split(" > ").filter(Boolean).reverse(), name].join(" > ");
  const counts = countCases(cases, nameOf);
  const silent = cases.filter(({ attributes, body }) => / assertions="0"/.test(` ${attributes}`) && body.trim() === "");
  const last = Number([...output.matchAll(/^ *(\d+) fail$/gm)].at(-1)?.[1] ?? 0);
  return {
    passed: counts.passed - silent.length,
    failed: Math.max(last, counts.failed) + silent.length,
    skipped: counts.skipped,
    silent: silent.map(nameOf),
  };
}

/** The tests in a JUnit report of `deno test`, where a `describe` is a test case too and is left out here. */
export function countDeno(report: string): Counts {
  const cases = testCases(report);
  const groups = new Set<string>();
  for (const { name } of cases) {
    const parts = name.split(" > ");
    for (let i = 1; i < parts.length; i++) groups.add(parts.slice(0, i).join(" > "));
  }
  return countCases(
    cases.filter(({ name }) => !groups.has(name)),
    ({ name }) => name,
  );
}

/** The tests of `cargo test`: the sum over its "test result" lines, one for each test binary. */
export function countCargo(output: string): Counts {
  const results = [...output.matchAll(/^test result: \w+\. (\d+) passed; (\d+) failed/gm)];
  const ignored = [...output.matchAll(/^test (.+?) \.\.\. ignored(?:, (.+))?$/gm)];
  return {
    passed: results.reduce((sum, result) => sum + Number(result[1]), 0),
    failed: results.reduce((sum, result) => sum + Number(result[2]), 0),
    skipped: ignored.map(([, name, reason]) => ({ name: name!, reason })),
  };
}

/** The counts of a step. One without tests counts as one; so does one that failed without naming a failed test. */
export function countStep(ok: boolean, counts: Counts): Counts {
  if (!ok && counts.failed === 0) return { ...counts, failed: 1 };
  if (ok && counts.passed + counts.failed + counts.skipped.length === 0) return { ...counts, passed: 1 };
  return counts;
}
