import { describe, expect, test } from "bun:test";
import { globSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { countBun, countCargo, countDeno, countStep, none } from "../../scripts/ok/counts.ts";
import { runSteps } from "../../scripts/ok/run_steps.ts";
import { testSteps } from "../../scripts/ok/steps.ts";
import { summary } from "../../scripts/ok/summary.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

describe("counting tests", () => {
  test("countBun() reads the report, and counts a test that checks nothing as failed", () => {
    const report = `<testsuites><testsuite name="a"><testsuite name="g &amp; h">
      <testcase name="fine" classname="inner &gt; g &amp; h" time="0" assertions="1" />
      <testcase name="silent" classname="g &amp; h" time="0" assertions="0" />
      <testcase name="queue &gt; [skipped: no &quot;redis&quot; here]" classname="" assertions="0">
        <skipped />
      </testcase>
      <testcase name="page" classname="in it [skipped: no browser]" assertions="0"><skipped /></testcase>
      <testcase name="todo" classname="" assertions="0"><skipped /></testcase>
      <testcase name="bad" classname="" assertions="0"><failure type="Error" message="no">no</failure></testcase>
    </testsuite></testsuite></testsuites>`;
    expect(countBun(" 9 fail\n...\n 2 pass\n 1 fail\n 30 expect() calls\n", report)).toEqual({
      passed: 1,
      failed: 2,
      skipped: [
        { name: "queue >", reason: 'no "redis" here' },
        { name: "in it > page", reason: "no browser" },
        { name: "todo", reason: undefined },
      ],
      silent: ["g & h > silent"],
    });
  });

  test("countBun() reads what the report leaves out from the last summary", () => {
    expect(countBun(" 9 pass\n 9 fail\n...\n 12 pass\n 3 fail\n 1 error\n", "").failed).toBe(3);
    expect(countBun("error: crashed", "")).toEqual({ ...none, silent: [] });
  });

  test("countCargo() sums over test binaries", () => {
    const output =
      "test a::b ... ignored, needs a day\ntest result: ok. 3 passed; 0 failed; 1 ignored\n" +
      "test result: FAILED. 4 passed; 2 failed; 0 ignored\n";
    const skipped = [{ name: "a::b", reason: "needs a day" }];
    expect(countCargo(output)).toEqual({ passed: 7, failed: 2, skipped });
  });

  test("countDeno() leaves out groups", () => {
    const report = `<testsuites><testsuite name="a">
      <testcase name="group" line="1"><failure message="1 test step failed">.</failure></testcase>
      <testcase name="alone" line="2"></testcase><testcase name="closed" line="3"/>
      <testcase name="not here [skipped: why]" line="4"><skipped/></testcase></testsuite><testsuite name="b">
      <testcase name="group &gt; inner &gt; good"></testcase><testcase name="group &gt; inner"></testcase>
      <testcase name="group &gt; bad"><failure message="no">no</failure></testcase></testsuite></testsuites>`;
    expect(countDeno(report)).toEqual({ passed: 3, failed: 1, skipped: [{ name: "not here", reason: "why" }] });
  });

  test("countStep() counts a step without tests, and one that failed without failed tests, as one", () => {
    expect(countStep(false, { ...none, passed: 4 })).toEqual({ ...none, passed: 4, failed: 1 });
    expect(countStep(false, { ...none, failed: 2 })).toEqual({ ...none, failed: 2 });
    expect(countStep(true, none)).toEqual({ ...none, passed: 1 });
    expect(countStep(false, none)).toEqual({ ...none, failed: 1 });
  });
});

describe("summary()", () => {
  test("lists skips by reason, and ends with the sum on a separate line", () => {
    const skipped = [
      { name: "a", reason: "no browser" },
      { name: "b", reason: undefined },
    ];
    const text = summary([
      { name: "types", state: "failed", seconds: 1, counts: { ...none, failed: 1 } },
      { name: "tests", state: "ok", seconds: 2, counts: { passed: 5, failed: 0, skipped } },
      { name: "cargo", state: "skipped", seconds: 0, counts: { ...none, skipped: [{ name: "", reason: "no cargo" }] } },
    ]);
    expect(text.split("\n").at(-1)).toBe("5 passed, 1 failed, 3 skipped");
    expect(text).toContain("FAILED   types");
    expect(text).toMatch(/skipped +1 {2}no browser\n +tests: a\n/);
    expect(text).toMatch(/skipped +1 {2}no reason given\n +tests: b\n/);
    expect(text).toMatch(/skipped +1 {2}no cargo\n +cargo\n/);
  });

  test("leaves out skips if there are none", () => {
    const text = summary([{ name: "types", state: "ok", seconds: 1, counts: { ...none, passed: 1 } }]);
    expect(text.split("\n").at(-1)).toBe("1 passed, 0 failed");
  });
});

describe("runSteps()", () => {
  test("runs all in the order given, whatever fails, and counts a script that ends with 77 as skipped", async () => {
    const shell = (name: string, line: string) => ({ name, command: ["sh", "-c", line] });
    const outcomes = await runSteps(
      root,
      [
        shell("slow", "sleep 0.3"),
        shell("bad", "exit 3"),
        shell("lacking", "echo looking; echo no tool here; exit 77"),
        { ...shell("absent", "exit 4"), missing: "no cargo" },
        { name: "gone", command: ["edgecap-no-such-program"] },
        { ...shell("counted", "echo 3 wrong"), count: () => ({ ...none, passed: 2, failed: 3 }) },
      ],
      2,
    );
    const skipped = (reason: string) => ({ ...none, skipped: [{ name: "", reason }] });
    expect(outcomes.map(({ name, state, counts }) => [name, state, counts])).toEqual([
      ["slow", "ok", { ...none, passed: 1 }],
      ["bad", "failed", { ...none, failed: 1 }],
      ["lacking", "skipped", skipped("no tool here")],
      ["absent", "skipped", skipped("no cargo")],
      ["gone", "failed", { ...none, failed: 1 }],
      ["counted", "failed", { ...none, passed: 2, failed: 3 }],
    ]);
  });
});

describe("the steps", () => {
  test("run every test file once on Bun, and those that are not for Bun alone on Deno", () => {
    const quick = testSteps(root, "/tmp", { long: false, allRuns: false });
    const steps = [...quick, ...testSteps(root, "/tmp", { long: true, allRuns: true })];
    const filesOf = (runtime: string) =>
      steps
        .filter(({ name }) => name.endsWith(`tests on ${runtime}`))
        .flatMap(({ command }) => command.filter((argument) => argument.endsWith("_test.ts")))
        .sort();
    const files = globSync("test/**/*_test.ts", { cwd: root }).map((file) => `./${file}`);
    expect(filesOf("Bun")).toEqual(files.sort());
    expect(filesOf("Deno")).toEqual(files.filter((file) => !file.endsWith("_bun_test.ts")).sort());
    expect(quick.flatMap(({ command }) => command).filter((argument) => argument.includes("_long_"))).toEqual([]);
    expect(quick.every(({ command }) => command.some((argument) => argument.endsWith("caption/load_test.ts")))).toBe(
      true,
    );
  });

  test("are those of both commands of package.json", () => {
    const { scripts } = JSON.parse(readFileSync(`${root}package.json`, "utf8"));
    expect([scripts.ok, scripts["ok:all"]]).toEqual(["bun scripts/ok.ts", "bun scripts/ok.ts all"]);
  });
});
