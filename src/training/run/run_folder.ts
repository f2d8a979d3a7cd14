import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { EdgecapError } from "../../errors.ts";
import { removeAbandoned, writeAtomically } from "../../files/atomic_write.ts";
import { makeFolder } from "../../files/make_folder.ts";
import type { EpochOptions, EpochRecord } from "./epochs.ts";
import type { RunEstimate } from "./step_estimate.ts";

/** Inputs of a training run besides its data and its settings. */
export interface RunOptions {
  /** Folder of the run: checkpoints, vocabulary, records. */
  readonly out: string;
  /** Folder of the feature caches, which runs over the same photos can share. */
  readonly features: string;
  /** Bytes of the encoder graph. */
  readonly encoder: Uint8Array;
  /** Words that occur less often in captions are unknown, except those of a decoder that training starts from. */
  readonly minimumCount: number;
  /** Pretrained word vectors, see readWordVectors(). Without them, the article preset uses those of the npm package. */
  readonly vectors?: string;
  /** Epochs without a better dev score after which training stops. By default it trains all epochs. */
  readonly patience?: number;
  readonly resume: boolean;
  readonly threads: number;
  /** Called when the run begins a part: `features`, then `training`. */
  readonly onPhase?: (phase: "features" | "training", detail: string) => void;
  /** Called before the first step with how long the run will take here; only for the attention preset. */
  readonly onEstimate?: (estimate: RunEstimate) => void;
  readonly onProgress?: (done: number, total: number, loss?: number, reward?: number) => void;
  readonly signal?: AbortSignal;
}

/** The options that the run's trainer gets from these. */
export function trainerOptions(
  options: RunOptions,
): Pick<EpochOptions, "folder" | "resume" | "patience" | "onStep" | "signal"> {
  return {
    folder: options.out,
    resume: options.resume,
    onStep: (done, total, loss, reward) => options.onProgress?.(done, total, loss, reward),
    ...(options.patience !== undefined && { patience: options.patience }),
    ...(options.signal && { signal: options.signal }),
  };
}

/**
 * Makes the run's folder and writes the vocabulary into it. A resumed run must have the same vocabulary, because its
 * weights fit no other.
 *
 * @param vocabulary The text of `vocabulary.txt`.
 * @throws {EdgecapError} `checkpoint-invalid`, `file-unwritable`.
 */
export async function openRunFolder({ out, resume }: RunOptions, vocabulary: string): Promise<void> {
  await makeFolder(out);
  // Remove leftovers here: a run that was killed after its last checkpoint writes no further one, which would remove
  // them.
  await removeAbandoned(out, 0);
  const path = join(out, "vocabulary.txt");
  const isResumed = resume && existsSync(join(out, "last.ckpt"));
  if (isResumed && (await readFile(path, "utf8").catch(() => "")) !== vocabulary) {
    throw new EdgecapError(
      "checkpoint-invalid",
      `"${path}" has other words than these captions: resume with the captions, lists and --minimum-count of the run, or use another folder.`,
    );
  }
  if (!isResumed) await writeAtomically(path, vocabulary);
}

/** Writes the records of a run's epochs into its folder. */
export async function writeRecords(out: string, records: readonly EpochRecord[]): Promise<void> {
  await writeAtomically(join(out, "epochs.json"), `${JSON.stringify(records, null, 2)}\n`);
}
