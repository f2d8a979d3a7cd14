import { readdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Command } from "commander";
import pc from "picocolors";
import { type BundleSource, defaultBundle, includedBundles, loadBundle } from "../bundle/load_bundle.ts";
import { EdgecapError } from "../errors.ts";
import { exitStatus } from "./run_program.ts";

/** Adds `edgecap models`. */
export function registerModels(program: Command): void {
  program
    .command("models")
    .description("List bundles and verify their files.")
    .argument("[folders...]", "folders of bundles (default: those that come with edgecap)")
    .option("--json", "print one line of JSON per bundle")
    .addHelpText(
      "after",
      "\nExit status: 0 all bundles are complete, 1 some are not, 2 wrong usage.\n\nExample:\n  edgecap models my-bundle",
    )
    .action(models);
}

async function models(args: string[], flags: { json?: boolean }): Promise<void> {
  const folders = args.length > 0 ? args : await installedBundles();
  for (const folder of folders) {
    const line = await describe(folder);
    if ("error" in line) process.exitCode = exitStatus.someFailed;
    process.stdout.write(`${flags.json === true ? JSON.stringify(line) : text(line)}\n`);
  }
}

async function installedBundles(): Promise<BundleSource[]> {
  const models = dirname(fileURLToPath(defaultBundle));
  const entries = await readdir(models, { withFileTypes: true }).catch(() => undefined);
  // An executable contains its bundles, so there is no folder of them.
  if (entries === undefined) return Object.values(includedBundles);
  return entries
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith("."))
    .map((entry) => join(models, entry.name));
}

type Line = Awaited<ReturnType<typeof describe>>;

async function describe(source: BundleSource) {
  let folder = String(source);
  try {
    const { manifest, where } = await loadBundle(source);
    folder = where;
    const { name, version, encoder, decoder, provenance } = manifest;
    const bytes = Object.values(manifest.files).reduce((sum, file) => sum + file.bytes, 0);
    return { folder, name, version, preset: decoder.preset, encoder, decoder, bytes, scores: provenance.scores };
  } catch (error) {
    if (!(error instanceof EdgecapError)) throw error;
    return { folder, error: { code: error.code, message: error.message } };
  }
}

function text(line: Line): string {
  if ("error" in line) return `${line.folder}: ${pc.red("error")}: ${line.error.message}`;
  const { name, version, preset, encoder, decoder, bytes, scores } = line;
  return [
    `${pc.bold(name)} ${version} ${pc.green("verified")}`,
    `  folder   ${line.folder}`,
    `  preset   ${preset}, encoder ${encoder.precision}, decoder ${decoder.precision}, ${decoder.vocabulary} words, ${(bytes / 1e6).toFixed(1)} MB`,
    `  scores   CIDEr ${scores.cider.toFixed(3)}, BLEU-4 ${scores.bleu4.toFixed(3)}, ROUGE-L ${scores.rougeL.toFixed(3)} (${scores.split}, ${scores.beams} beams)`,
  ].join("\n");
}
