/**
 * Attacks everything that reads foreign data, except pictures, with nearly valid input: each reader must return a
 * usable value, or refuse with a code. It must never throw anything else, take more than two seconds of the
 * processor, or more than 600 MiB.
 *
 * usage: bun scripts/check/fuzz_readers.ts [RUNS_FOR_EACH_READER] [SEED] [READER...]
 *
 * Without arguments it makes 2,000 runs of each, with a new seed every time. It prints the input and seed of each
 * failure.
 */
import { spawnSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { attack, type Reader } from "./fuzz_readers/attack.ts";
import { readers } from "./fuzz_readers/readers.ts";

const mostMemory = 600 << 20;

const [runs = "2000", seed = String(Date.now() % 2 ** 31), ...names] = process.argv.slice(2);
if (!/^\d+$/.test(runs) || !/^\d+$/.test(seed)) {
  console.error("usage: bun scripts/check/fuzz_readers.ts [RUNS_FOR_EACH_READER] [SEED] [READER...]");
  process.exit(2);
}
const folder = await mkdtemp(join(tmpdir(), "edgecap-fuzz-"));
try {
  const all = await readers(folder);
  const unknown = names.find((name) => all.every((reader) => reader.name !== name));
  if (unknown !== undefined) throw new Error(`No reader "${unknown}": ${all.map(({ name }) => name).join(", ")}.`);
  const [only, ...others] = names.length === 0 ? all.map(({ name }) => name) : names;
  const sound = others.length === 0 ? await attackOne(all, only!) : attackEach([only!, ...others]);
  if (!sound) process.exitCode = 1;
} finally {
  await rm(folder, { recursive: true });
}

/** Each in a separate process, so that its memory can be measured. */
function attackEach(chosen: readonly string[]): boolean {
  const columns = "reader | runs | read | refused | longest, ms | memory, MiB";
  console.log(`seed ${seed}\n| ${columns} |\n| --- | --- | --- | --- | --- | --- |`);
  const sound = chosen.map((name) => {
    const args = [...process.execArgv, import.meta.filename, runs, seed, name];
    return spawnSync(process.execPath, args, { stdio: "inherit" }).status === 0;
  });
  const faulty = sound.filter((one) => !one).length;
  console.log(`${chosen.length} readers, ${chosen.length * Number(runs)} runs at most, ${faulty} readers with a fault`);
  return faulty === 0;
}

async function attackOne(all: readonly Reader[], name: string): Promise<boolean> {
  const reader = all.find((one) => one.name === name)!;
  const report = await attack(reader, Number(runs), Number(seed));
  // Kibibytes, on Linux.
  const memory = process.resourceUsage().maxRSS * 1024;
  const refused = [...report.refused].map(([code, count]) => `${count} ${code}`).join(", ");
  const cells = [name, report.runs, report.read, refused, Math.round(report.longestMs), Math.round(memory / 2 ** 20)];
  console.log(`| ${cells.join(" | ")} |`);
  if (report.fault !== undefined) console.error(report.fault);
  if (memory > mostMemory) console.error(`${name} took more than ${mostMemory >> 20} MiB.`);
  return report.fault === undefined && memory <= mostMemory;
}
