import { describe, expect, test } from "bun:test";
import { Speech } from "../../../src/server/page/client/language/speech.ts";
import { advise as adviseIn, Problem } from "../../../src/server/page/client/problem.ts";

const advise = (problem: Problem) => adviseIn(problem, new Speech("en"));

describe("advise()", () => {
  test("says plainly what a person can do", () => {
    expect(advise(new Problem("image-unsupported", "no picture (text)", 415)).text).toContain("JPEG, PNG");
    expect(advise(new Problem("", "", 413)).text).toContain("too large");
    expect(advise(new Problem("", "", 401)).text).toContain("access token");
    expect(advise(new Problem("format-unreadable", "HEIC")).text).toContain("Most Compatible");
    expect(advise(new Problem("format-unreadable", "TIFF")).text).toContain("TIFF");
    expect(adviseIn(new Problem("", "", 503, 1), new Speech("fr")).text).toMatch(
      /^Le serveur est occupé\. Réessayez dans 1\sseconde\.$/,
    );
  });

  test("offers to try again only if that can help", () => {
    const hopeful = [
      new Problem("unreachable", "TypeError: failed to fetch"),
      new Problem("interrupted", "reset"),
      new Problem("queue-full", "", 503, 2),
      new Problem("", "", 429),
      new Problem("", "", 500),
    ];
    const hopeless = [
      new Problem("image-truncated", "", 422),
      new Problem("", "", 413),
      new Problem("option-invalid", "beams is 0", 400),
    ];
    expect(hopeful.map((problem) => advise(problem).retry)).toEqual(hopeful.map(() => true));
    expect(hopeless.map((problem) => advise(problem).retry)).toEqual(hopeless.map(() => false));
  });

  test("says how long to wait if the server does", () => {
    expect(advise(new Problem("", "", 503, 1)).text).toContain("in 1 second.");
    expect(advise(new Problem("", "", 503, 7)).text).toContain("in 7 seconds.");
    expect(advise(new Problem("", "", 503)).text).toContain("in a moment.");
  });

  test("passes on the server's text for anything else, and always says something", () => {
    expect(advise(new Problem("option-invalid", "beams is 0: it must be more.", 400)).text).toBe(
      "beams is 0: it must be more.",
    );
    expect(advise(new Problem("", "", 418)).text).toContain("418");
  });
});
