import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { EdgecapError } from "../../errors.ts";
import { writeAtomically } from "../../files/atomic_write.ts";
import type { ArticleSettings } from "../article/train_article.ts";
import type { AttentionSettings } from "../attention/settings.ts";

/** A decoder architecture with its training settings. */
export type Preset = "attention" | "article";

/** The request of a run, kept in its folder as run.json: enough to export it, report on it and repeat it. */
export interface RunDescription {
  readonly preset: Preset;
  readonly settings: AttentionSettings | ArticleSettings;
  /** Folder of the photos, and the files that name them, as paths. */
  readonly images: string;
  readonly captions: string;
  readonly trainList?: string;
  readonly devList?: string;
  /** Folder of the feature cache. */
  readonly features: string;
  /** The value of `--encoder`, and the precision of that encoder. */
  readonly encoder: { readonly name: string; readonly precision: "fp32" | "fp16" | "int8" };
  readonly minimumCount: number;
  /** The value of `--vectors`. */
  readonly vectors?: string;
  readonly patience?: number;
  /** The command that repeats the run. */
  readonly command: string;
}

/** Writes a run's description into its folder. */
export async function writeRunDescription(run: string, description: RunDescription): Promise<void> {
  await writeAtomically(join(run, "run.json"), `${JSON.stringify(description, null, 2)}\n`);
}

/**
 * Reads what {@linkcode writeRunDescription} wrote.
 *
 * @throws {EdgecapError} `file-unreadable` if the folder holds no run; `option-invalid` if the run continued from a
 *   bundle: such runs have no description; `data-invalid` if the description cannot be understood.
 */
export async function readRunDescription(run: string): Promise<RunDescription> {
  const path = join(run, "run.json");
  const text = await readFile(path, "utf8").catch((cause: unknown) => {
    throw notDescribed(run, cause);
  });
  try {
    const description = JSON.parse(text) as RunDescription;
    const { preset, captions, images, features, encoder } = description;
    const texts = [captions, images, features, encoder.name];
    if (!["attention", "article"].includes(preset) || texts.some((value) => typeof value !== "string")) {
      throw new Error(`preset ${JSON.stringify(preset)}`);
    }
    return description;
  } catch (cause) {
    throw new EdgecapError("data-invalid", `"${path}" does not describe a run (${String(cause)}): train again.`, {
      cause,
    });
  }
}

/** Runs that continue from a bundle keep checkpoints but no description. */
function notDescribed(run: string, cause: unknown): EdgecapError {
  if (!existsSync(join(run, "run.json")) && existsSync(join(run, "last.ckpt"))) {
    const bundle = join(run, "bundle");
    return new EdgecapError(
      "option-invalid",
      `"${run}" is a run of "edgecap train --from", which makes its own bundle and cannot be exported: ${
        existsSync(join(bundle, "manifest.json"))
          ? `use "${bundle}".`
          : `give its training command again with --resume, and "${bundle}" is written at the end.`
      }`,
      { cause },
    );
  }
  return new EdgecapError("file-unreadable", `"${run}" is not the folder of a run: its run.json cannot be read.`, {
    cause,
  });
}
