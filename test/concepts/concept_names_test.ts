import { describe, expect, test } from "bun:test";
import { readConceptNames, writeConceptNames } from "../../src/concepts/concept_names.ts";
import { likelyConcepts, mostConcepts } from "../../src/concepts/likely_concepts.ts";
import { EdgecapError } from "../../src/errors.ts";

const nouns = [
  { name: "dog", forms: ["dog", "dogs"] },
  { name: "traffic light", forms: ["traffic light", "traffic lights", "stoplight"] },
];

describe("readConceptNames()", () => {
  test("reads what was written", () => {
    expect(readConceptNames(writeConceptNames(nouns), "concepts.txt", 2)).toEqual(nouns);
  });

  for (const [text, count] of [
    ["dog,dogs\n", 2],
    ["dog\n\ncat\n", 3],
    ["dog,,dogs\n", 1],
  ] as const) {
    test(`refuses ${JSON.stringify(text)} instead of ${count}`, () => {
      expect(() => readConceptNames(text, "concepts.txt", count)).toThrow(EdgecapError);
    });
  }
});

describe("likelyConcepts()", () => {
  test("gives the likely ones, the likeliest first", () => {
    expect(likelyConcepts(nouns, [0.5, 0.9])).toEqual([
      { name: "traffic light", probability: 0.9 },
      { name: "dog", probability: 0.5 },
    ]);
    expect(likelyConcepts(nouns, [0.49, 0])).toEqual([]);
  });

  test(`gives ${mostConcepts} at most`, () => {
    const many = Array.from({ length: 40 }, (_, i) => ({ name: `n${i}`, forms: [`n${i}`] }));
    expect(likelyConcepts(many, new Float32Array(40).fill(0.5)).length).toBe(mostConcepts);
  });
});
