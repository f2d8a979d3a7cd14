import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { EdgecapError } from "../../errors.ts";
import { writeWhole } from "../../files/write_whole.ts";
import type { ArticleSettings } from "../article/train_article.ts";
import type { AttentionSettings } from "../attention/settings.ts";

/** A decoder architecture with its training settings. */
export type Preset = "attention" | "article";

/** What a run was asked for, kept in its folder as run.json: enough to export it, report on it and repeat it. */
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
  /** What `--encoder` was, and the precision that it came in. */
  readonly encoder: { readonly name: string; readonly precision: "fp32" | "fp16" | "int8" };
  readonly minimumCount: number;
  /** What `--vectors` was. */
  readonly vectors?: string;
  readonly patience?: number;
  /** The command that repeats the run. */
  readonly command: string;
}

/** Writes a run's description into its folder. */
export async function writeRunDescription(run: string, description: RunDescription): Promise<void> {
  await writeWhole(join(run, "run.json"), `${JSON.stringify(description, null, 2)}\n`);
}

/**
 * Reads what {@linkcode writeRunDescription} wrote.
 *
 * @throws {EdgecapError} `file-unreadable` where the folder is no run; `data-invalid` where its description is none.
 */
export async function readRunDescription(run: string): Promise<RunDescription> {
  const path = join(run, "run.json");
  const text = await readFile(path, "utf8").catch((cause: unknown) => {
    throw new EdgecapError("file-unreadable", `"${run}" is no folder of a run: it has no readable run.json.`, {
      cause,
    });
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
    throw new EdgecapError("data-invalid", `"${path}" describes no run (${String(cause)}): train again.`, { cause });
  }
}
