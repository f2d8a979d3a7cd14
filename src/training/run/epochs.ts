import { existsSync } from "node:fs";
import { join } from "node:path";
import { EdgecapError } from "../../errors.ts";
import { makeFolder } from "../../files/make_folder.ts";
import { shouldStop } from "../optimiser/early_stopping.ts";
import { type Checkpoint, readCheckpoint } from "./checkpoint.ts";

/** The record of an epoch. */
export interface EpochRecord {
  /** From 1. */
  readonly epoch: number;
  /** Mean loss of its steps, with dropout. */
  readonly loss: number;
  readonly minutes: number;
  readonly captionsPerSecond: number;
  /** The caller's score for the dev captions; higher is better. */
  readonly score: number;
  /** Mean reward of the captions sampled, in a self-critical stage. */
  readonly reward?: number;
}

/** The inputs of the trainers of all presets. */
export interface EpochOptions {
  /** Folder of the run: `last.ckpt` and `best.ckpt` are written there. */
  readonly folder: string;
  readonly devImages: readonly string[];
  /** Epochs without a better dev score after which training stops. By default it trains all epochs. */
  readonly patience?: number;
  /** Scores greedy captions of the dev images, in their order; the best score decides `best.ckpt`. */
  readonly score: (captions: readonly Int32Array[], epoch: number) => Promise<number> | number;
  /** Continues from `last.ckpt`. */
  readonly resume?: boolean;
  /** Called after each step with the means of the epoch so far. */
  readonly onStep?: (done: number, total: number, loss: number, reward?: number) => void;
  readonly onEpoch?: (record: EpochRecord) => void;
  readonly signal?: AbortSignal;
}

/** A trainer's part in {@linkcode trainEpochs}. */
export interface EpochTrainer {
  /** Epochs of the entire run. */
  readonly epochs: number;
  /** Epochs that are done. */
  readonly records: EpochRecord[];
  /** Trains for one epoch, counted from 1, and returns the mean loss and reward and the number of captions. */
  train(
    epoch: number,
  ): Promise<{ readonly loss: number; readonly seconds: number; readonly captions: number; readonly reward?: number }>;
  /** Greedy captions of the dev images. */
  caption(): Int32Array[];
  /** Writes a checkpoint of the current state. */
  save(name: "best.ckpt" | "last.ckpt"): Promise<void>;
}

/** Trains until all epochs are done or the score has stopped improving, and returns the records of all epochs. */
export async function trainEpochs(options: EpochOptions, trainer: EpochTrainer): Promise<EpochRecord[]> {
  const { records } = trainer;
  const scores = () => records.map(({ score }) => score);
  while (records.length < trainer.epochs && !shouldStop(scores(), options.patience)) {
    const epoch = records.length + 1;
    const { loss, seconds, captions, reward } = await trainer.train(epoch);
    const score = await options.score(trainer.caption(), epoch);
    const best = scores().every((before) => before < score);
    const record: EpochRecord = {
      ...{ epoch, loss, minutes: seconds / 60, captionsPerSecond: captions / seconds, score },
      ...(reward !== undefined && { reward }),
    };
    records.push(record);
    // The best one first: if the process is killed between the two, the epoch is repeated and writes both.
    if (best) await trainer.save("best.ckpt");
    await trainer.save("last.ckpt");
    options.onEpoch?.(record);
  }
  return records;
}

/**
 * Makes the folder of a run and finds the checkpoint that it continues from, if it does.
 *
 * @param made Settings of the run, which must equal those of the checkpoint.
 * @throws {EdgecapError} `checkpoint-invalid`, `file-unwritable`
 */
export async function checkpointToResume(
  { folder, resume }: EpochOptions,
  made: { readonly settings: object; readonly shape: object },
): Promise<Checkpoint | undefined> {
  await makeFolder(folder);
  const path = join(folder, "last.ckpt");
  if (!(resume === true && existsSync(path))) return undefined;
  const checkpoint = await readCheckpoint(path);
  const { settings, shape } = checkpoint.meta;
  if (JSON.stringify([settings, shape]) !== JSON.stringify([made.settings, made.shape])) {
    throw new EdgecapError(
      "checkpoint-invalid",
      `"${path}" was made with other settings: resume with those, or use another folder.`,
    );
  }
  return checkpoint;
}

/** @throws {EdgecapError} `data-invalid` if the loss is no longer a number. */
export function assertFinite(loss: number, epoch: number): void {
  if (Number.isFinite(loss)) return;
  throw new EdgecapError("data-invalid", `The loss became ${loss} in epoch ${epoch}: lower the learning rate.`);
}
