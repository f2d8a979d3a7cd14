import { describe, expect, test } from "bun:test";
import { attentionDefaults, stageOf, totalEpochs, withEpochs } from "../../../src/training/attention/settings.ts";

const [first] = attentionDefaults.stages;
const selfCritical = { samples: 5, maxWords: 16, temperature: 0.8, crossEntropyWeight: 0.2, bleuWeight: 0.5 };
const settings = {
  ...attentionDefaults,
  stages: [
    { ...first!, epochs: 7 },
    { ...first!, epochs: 4 },
    { ...first!, epochs: 3, selfCritical },
  ],
};
const lengths = (choice: Parameters<typeof withEpochs>[1]) =>
  withEpochs(settings, choice).stages.map(({ epochs }) => epochs);

describe("stageOf()", () => {
  test("counts epochs from the beginning of their stage", () => {
    expect(totalEpochs(settings)).toBe(14);
    expect(stageOf(settings, 7)).toEqual({ stage: settings.stages[0]!, epoch: 7 });
    expect(stageOf(settings, 8)).toEqual({ stage: settings.stages[1]!, epoch: 1 });
    expect(stageOf(settings, 14)).toEqual({ stage: settings.stages[2]!, epoch: 3 });
  });
});

describe("withEpochs()", () => {
  test("keeps the preset's epochs by default, separately for each kind", () => {
    expect(lengths({})).toEqual([7, 4, 3]);
    expect(lengths({ epochs: 1 })).toEqual([1, 3]);
    expect(lengths({ epochs: 9 })).toEqual([7, 2, 3]);
    expect(lengths({ epochs: 20, selfCriticalEpochs: 0 })).toEqual([7, 13]);
    expect(lengths({ selfCriticalEpochs: 5 })).toEqual([7, 4, 5]);
  });
});
