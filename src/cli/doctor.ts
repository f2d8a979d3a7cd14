import type { Command } from "commander";
import pc from "picocolors";
import { defaultBundle, openBundle } from "../bundle/load_bundle.ts";
import { EdgecapError } from "../errors.ts";
import type { BackendReport } from "../model/choose_backend.ts";
import { type DoctorReport, diagnose } from "../model/doctor.ts";
import { difference } from "../model/self_test.ts";
import { ownBundleFlag } from "./bundle_flag.ts";
import { wholeNumber } from "./option_values.ts";
import { versionText } from "./version.ts";

interface DoctorFlags {
  readonly json?: boolean;
  readonly bundle?: string;
  readonly threads: number;
}

/** Adds `edgecap doctor`. */
export function registerDoctor(program: Command): void {
  program
    .command("doctor")
    .description("Test each backend on this machine, and report which one auto takes.")
    .option("--json", "print one line of JSON")
    .option(...ownBundleFlag)
    .option("--threads <n>", "number of threads per inference", wholeNumber(1, 64), 1)
    .addHelpText(
      "after",
      `
It measures every backend again, and auto uses the result from then on. With a software adapter for WebGPU this takes a minute.

Exit status: 0 a backend gives the right caption, 1 none does, 2 wrong usage.

Examples:
  edgecap doctor
  edgecap doctor --json --threads 2`,
    )
    .action(doctor);
}

async function doctor(flags: DoctorFlags): Promise<void> {
  if (flags.bundle?.startsWith("transformers:") === true)
    throw new EdgecapError(
      "option-invalid",
      `"${flags.bundle}" is not a bundle of edgecap: transformers.js chooses its own backend.`,
    );
  const report = await diagnose({ source: await openBundle(flags.bundle ?? defaultBundle), threads: flags.threads });
  if (report.choice === undefined) process.exitCode = 1;
  process.stdout.write(
    flags.json === true ? `${JSON.stringify({ edgecap: versionText(), ...report })}\n` : text(report),
  );
}

function text(report: DoctorReport): string {
  const { machine, choice } = report;
  const lines = [
    pc.bold(versionText()),
    `  system    ${machine.platform} ${machine.architecture}, ${machine.processor}`,
    `  cores     ${machine.cores}`,
    `  wasm      SIMD ${yesNo(machine.simd)}, relaxed SIMD ${yesNo(machine.relaxedSimd)}, threads ${yesNo(machine.wasmThreads)}`,
    `  bundle    ${report.bundle.name} ${report.bundle.version}, encoder ${report.bundle.encoder}, decoder ${report.bundle.decoder}${report.bundle.selfTest ? "" : pc.yellow(" (stores no answer, so backends cannot be tested)")}`,
    `  threads   ${report.threads} per inference`,
    "",
    ...report.backends.flatMap((backend) => [...backendLines(backend), ""]),
  ];
  lines.push(
    choice === undefined
      ? `${pc.red("auto takes none")}: ${report.problem}`
      : `${pc.bold(`auto takes ${pc.green(choice.backend)}`)}: ${choice.why}.`,
  );
  return `${lines.join("\n")}\n`;
}

function backendLines({ name, engine, adapter, problem, selfTest }: BackendReport): string[] {
  const verdict =
    problem !== undefined
      ? pc.red("not available")
      : selfTest === undefined
        ? pc.yellow("loads")
        : selfTest.passed
          ? pc.green("works")
          : pc.red("fails the bundle's test: not used");
  const lines = [
    `${pc.bold(name.padEnd(8))}  ${verdict}${adapter?.software === true ? pc.yellow(", software: not for auto") : ""}`,
  ];
  if (engine !== undefined) lines.push(`  engine    ${engine}`);
  if (adapter !== undefined) {
    const { features, limits } = adapter;
    lines.push(`  adapter   ${adapter.name}${features.length > 0 ? ` (${features.join(", ")})` : ""}`);
    lines.push(
      `  limits    ${Object.entries(limits)
        .slice(0, 3)
        .map(([limit, value]) => `${limit} ${value}`)
        .join(", ")}`,
    );
  }
  if (selfTest !== undefined) {
    const { featureError, tolerance, encodeMs, wordMs } = selfTest;
    lines.push(
      `  test      ${selfTest.passed ? `same words, features ${featureError.toExponential(1)} from the stored ones (up to ${tolerance} passes)` : difference(selfTest)}`,
      `  time      ${encodeMs.toFixed(0)} ms for the encoder, ${wordMs.toFixed(1)} ms per word`,
    );
  }
  if (problem !== undefined) lines.push(`  why       ${problem}`);
  return lines;
}

function yesNo(value: boolean): string {
  return value ? pc.green("yes") : pc.yellow("no");
}
