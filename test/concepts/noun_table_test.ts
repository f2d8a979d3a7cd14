import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import * as fc from "fast-check";
import { imagenetClasses, NounFinder, parseNouns, plural } from "../../src/concepts/noun_table.ts";

const nouns = parseNouns(readFileSync(new URL("../../src/concepts/nouns.txt", import.meta.url), "utf8"));
const named = (finder: NounFinder, caption: string) =>
  [...finder.find(caption.split(" "))].map((place) => nouns[place]!.name).sort();

describe("parseNouns()", () => {
  test("reads names, forms with the regular plural, and ranges of classes", () => {
    expect(parseNouns("# comment\n\nberry | blackberry | 1-3, 7\ncity | |\n")).toEqual([
      { name: "berry", forms: ["berry", "berries", "blackberry"], classes: [1, 2, 3, 7] },
      { name: "city", forms: ["city", "cities"], classes: [] },
    ]);
  });

  for (const [line, why] of [
    ["dog | ", "a field missing"],
    ["Dog | |", "a capital letter"],
    ["dog | | 1000", "no such class"],
    ["dog | | 9-7", "a range that runs back"],
    ["dog | | x", "no number"],
    ["dog | |\ndog | |", "a name twice"],
  ] as const) {
    test(`refuses ${why}`, () => {
      expect(() => parseNouns(line)).toThrow(RangeError);
    });
  }
});

describe("the table of nouns", () => {
  test("holds some hundreds of nouns, each with a form that no other has", () => {
    expect(nouns.length).toBeGreaterThan(300);
    for (const { name, forms } of nouns) {
      expect(forms[0]).toBe(name);
      for (const form of forms) expect(form).toMatch(/^[a-z'-]+( [a-z'-]+)*$/);
    }
  });

  test("names most of ImageNet's classes, all dogs, cats, birds and bears among them", () => {
    const places = (name: string) => nouns.find((noun) => noun.name === name)!.classes;
    const covered = new Set(nouns.flatMap(({ classes }) => classes));
    expect(covered.size).toBeGreaterThan(0.75 * imagenetClasses);
    expect(places("dog").length).toBe(121);
    expect(places("cat")).toEqual([281, 282, 283, 284, 285]);
    expect(places("zebra")).toEqual([340]);
    expect(places("banana")).toEqual([954]);
    for (const eagle of places("eagle")) expect(places("bird")).toContain(eagle);
    for (const bear of places("polar bear")) expect(places("bear")).toContain(bear);
  });
});

describe("NounFinder.find()", () => {
  const finder = new NounFinder(nouns);

  test("finds plurals, other words for a thing, and the longest form", () => {
    expect(named(finder, "two zebras grazing in a field")).toEqual(["field", "zebra"]);
    expect(named(finder, "a hot dog on a plate")).toEqual(["hot dog", "plate"]);
    expect(named(finder, "a teddy bear next to a laptop")).toContain("teddy bear");
    expect(named(finder, "a teddy bear next to a laptop")).not.toContain("bear");
    expect(named(finder, "a man riding a bike")).toEqual(["bicycle", "man", "person"]);
    expect(named(finder, "it is very nice")).toEqual([]);
  });

  test("finds every form that the table lists", () => {
    for (const [place, { forms }] of nouns.entries()) {
      for (const form of forms) expect(finder.find(form.split(" ")).has(place)).toBe(true);
    }
  });

  test("finds only forms of its nouns, in any words", () => {
    const words = fc.constantFrom(
      ...nouns.flatMap(({ forms }) => forms.flatMap((form) => form.split(" "))),
      "a",
      "the",
    );
    fc.assert(
      fc.property(fc.array(words, { maxLength: 12 }), (caption) => {
        const text = ` ${caption.join(" ")} `;
        for (const place of finder.find(caption)) {
          expect(nouns[place]!.forms.some((form) => text.includes(` ${form} `))).toBe(true);
        }
      }),
    );
  });
});

describe("plural()", () => {
  test("is regular", () => {
    expect(["dog", "bus", "city", "toy", "bench", "box", "hot dog"].map(plural)).toEqual([
      ...["dogs", "buses", "cities", "toys", "benches", "boxes", "hot dogs"],
    ]);
  });
});
