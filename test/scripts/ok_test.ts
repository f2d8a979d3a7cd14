import { describe, expect, test } from "bun:test";
import { countBun, countCargo, countJunit, countStep, summary } from "../../scripts/ok.ts";

describe("counting tests", () => {
  test("countBun() takes the last summary, as a test may print one of its own", () => {
    expect(countBun(" 9 pass\n 9 fail\n...\n 12 pass\n 1 fail\n 30 expect() calls\n")).toEqual({
      passed: 12,
      failed: 1,
    });
    expect(countBun("error: crashed")).toEqual({ passed: 0, failed: 0 });
  });

  test("countCargo() sums over test binaries", () => {
    const output =
      "test result: ok. 3 passed; 0 failed; 0 ignored\ntest result: FAILED. 4 passed; 2 failed; 0 ignored\n";
    expect(countCargo(output)).toEqual({ passed: 7, failed: 2 });
  });

  test("countJunit() leaves out groups and skipped tests", () => {
    const report = `<testsuites><testsuite name="a">
      <testcase name="group" line="1"><failure message="1 test step failed">.</failure></testcase>
      <testcase name="alone" line="2"></testcase><testcase name="closed" line="3"/>
      <testcase name="not here" line="4"><skipped/></testcase></testsuite><testsuite name="b">
      <testcase name="group &gt; inner &gt; good"></testcase><testcase name="group &gt; inner"></testcase>
      <testcase name="group &gt; bad"><failure message="no">no</failure></testcase></testsuite></testsuites>`;
    expect(countJunit(report)).toEqual({ passed: 3, failed: 1 });
  });

  test("countStep() counts a failed step without failed tests as one", () => {
    expect(countStep(false, { passed: 4, failed: 0 })).toEqual({ passed: 4, failed: 1 });
    expect(countStep(false, { passed: 4, failed: 2 })).toEqual({ passed: 4, failed: 2 });
    expect(countStep(true, { passed: 4, failed: 0 })).toEqual({ passed: 4, failed: 0 });
  });

  test("summary() ends with the sum on a line of its own", () => {
    const text = summary([
      { name: "types", ok: false, seconds: 1, counts: { passed: 0, failed: 1 } },
      { name: "tests", ok: true, seconds: 2, counts: { passed: 5, failed: 0 } },
    ]);
    expect(text.split("\n").at(-1)).toBe("5 passed, 1 failed");
    expect(text).toContain("FAILED  types");
  });
});
