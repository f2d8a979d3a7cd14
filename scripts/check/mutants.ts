/**
 * Changes one operator, value or statement of a file at a time, and counts how often the tests notice:
 *
 *     bun run mutants [--shard 1/8] [src/batch src/server/body_memory.ts crates/text ...]
 *
 * Without arguments it takes all files of `testsOf` and both crates, which needs hours. Files of TypeScript are changed
 * by StrykerJS, which is installed into `scripts/check/mutants` at the first run, those of Rust by cargo-mutants
 * (`cargo install --locked cargo-mutants`), of which `--shard` runs a part. Reports are written to `.cache/mutants`.
 */
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { CRATES } from "./check_wasm.ts";

const [results, readers] = ["test/batch/results_file_test.ts", "test/server/body_readers_test.ts"];
const [generate, concepts] = ["test/decode/generate_test.ts", "test/decode/required_concepts_test.ts"];

/** Files to change, with the test files that must notice. These run for every change, so none may be slow. */
const testsOf: Readonly<Record<string, readonly string[]>> = {
  "src/server/body_memory.ts": ["test/server/body_memory_test.ts"],
  "src/server/json_body.ts": [readers],
  "src/server/form_parts.ts": [readers],
  "src/server/tokens.ts": ["test/server/tokens_test.ts"],
  "src/image/decode_by.ts": ["test/image/decode_by_test.ts"],
  "src/decode/decoder.ts": [generate],
  "src/decode/generate.ts": ["test/decode/generate_details_test.ts", generate],
  "src/decode/noun_places.ts": ["test/decode/noun_places_test.ts", "test/decode/odd_nouns_test.ts", concepts],
  "src/decode/prefixes.ts": [generate],
  "src/decode/repeatable_words.ts": ["test/decode/repeatable_words_test.ts"],
  "src/decode/required_concepts.ts": [concepts, "test/decode/odd_nouns_test.ts"],
  "src/decode/search.ts": ["test/decode/search_test.ts"],
  "src/decode/search_captions.ts": [generate],
  "src/decode/within_characters.ts": ["test/decode/within_characters_test.ts"],
  "src/server/chat/json_answer.ts": [
    "test/server/chat/json_answer_test.ts",
    "test/server/chat/hostile_schemas_test.ts",
  ],
  "src/server/chat/tool_call.ts": ["test/server/chat/tool_call_test.ts"],
  "src/bundle/write_bundle.ts": ["test/bundle/bundle_test.ts"],
  "src/bundle/manifest.ts": ["test/bundle/manifest_test.ts"],
  "src/bundle/schema.ts": ["test/bundle/schema_test.ts"],
  "src/pool/job.ts": ["test/pool/job_test.ts"],
  "src/pool/pool_worker.ts": ["test/pool/pool_rules_test.ts", "test/pool/pool_losses_test.ts"],
  "src/pool/worker_pool.ts": ["test/pool/pool_rules_test.ts", "test/pool/pool_losses_test.ts"],
  "src/files/atomic_write.ts": ["test/files/atomic_write_test.ts", "test/files/write_faults_test.ts"],
  "src/batch/results_file.ts": [results, "test/batch/results_faults_test.ts"],
  "src/batch/file_lock.ts": ["test/batch/file_lock_test.ts"],
  "src/batch/path_list.ts": ["test/batch/path_list_test.ts"],
  "src/batch/run_batch.ts": ["test/batch/run_batch_test.ts"],
};

const root = fileURLToPath(new URL("../..", import.meta.url));
const tool = join(root, "scripts/check/mutants");
const reports = join(root, ".cache/mutants");

/** The results of the changes. */
interface Score {
  readonly noticed: number;
  readonly survived: number;
  /** Changes that do not compile; they count for nothing. */
  readonly invalid: number;
}

function run(command: string, args: readonly string[], folder = root): number | null {
  // Debug information would only cost time.
  const env = { ...process.env, CARGO_PROFILE_DEV_DEBUG: "0", CARGO_PROFILE_TEST_DEBUG: "0" };
  return spawnSync(command, args, { cwd: folder, stdio: "inherit", env }).status;
}

function mutateFile(file: string, tests: readonly string[]): Score {
  if (!existsSync(join(tool, "node_modules")) && run("bun", ["install", "--frozen-lockfile"], tool) !== 0) {
    throw new Error("StrykerJS could not be installed.");
  }
  const name = file.replaceAll("/", "-");
  const report = join(reports, `${name}.json`);
  const settings = JSON.parse(readFileSync(join(tool, "stryker.json"), "utf8")) as object;
  const config = {
    ...settings,
    mutate: [file],
    // One for each file, so that several runs do not clean up after each other.
    tempDirName: `.cache/stryker/${name}`,
    commandRunner: { command: `bun test --bail --timeout 15000 ${tests.join(" ")}` },
    jsonReporter: { fileName: report },
  };
  const path = join(reports, `${name}.config.json`);
  writeFileSync(path, JSON.stringify(config));
  const status = run("bun", ["--bun", join(tool, "node_modules/.bin/stryker"), "run", path]);
  if (status !== 0) throw new Error(`StrykerJS ended with status ${status}.`);
  const { files } = JSON.parse(readFileSync(report, "utf8")) as {
    files: Record<string, { mutants: { status: string }[] }>;
  };
  const all = Object.values(files).flatMap(({ mutants }) => mutants.map(({ status: state }) => state));
  const count = (...states: string[]) => all.filter((state) => states.includes(state)).length;
  return {
    noticed: count("Killed", "Timeout"),
    survived: count("Survived", "NoCoverage"),
    invalid: count("CompileError", "RuntimeError", "Ignored"),
  };
}

function mutateCrate(crate: string, shard: string | undefined): Score {
  const out = join(reports, crate.replaceAll("/", "-"));
  mkdirSync(out, { recursive: true });
  run("bun", ["scripts/build/cargo_lock.ts", "restore", crate]);
  // In a copy that has the pictures of the crate's tests at the same place, because cargo-mutants copies the crate
  // alone.
  const tree = join(reports, "tree");
  const isSource = (path: string) => !/\/(?:target|pkg)$/.test(path);
  for (const path of [crate, "test/fixtures/images"]) {
    cpSync(join(root, path), join(tree, path), { recursive: true, filter: isSource });
  }
  const part = shard === undefined ? [] : ["--sharding", "round-robin", "--shard", shard];
  // 2: some survived, 3: some took too long, which is noticed.
  const status = run("cargo", ["mutants", "--in-place", "--output", out, ...part], join(tree, crate));
  if (![0, 2, 3].includes(status ?? -1)) throw new Error(`cargo mutants ended with status ${status}.`);
  const lines = (file: string) =>
    readFileSync(join(out, "mutants.out", `${file}.txt`), "utf8")
      .split("\n")
      .filter(Boolean).length;
  return { noticed: lines("caught") + lines("timeout"), survived: lines("missed"), invalid: lines("unviable") };
}

const { positionals, values } = parseArgs({ allowPositionals: true, options: { shard: { type: "string" } } });
const known = [...Object.keys(testsOf), ...CRATES];
const chosen = (wanted: string) => known.filter((name) => name === wanted || name.startsWith(`${wanted}/`));
const unknown = positionals.find((wanted) => chosen(wanted).length === 0);
if (unknown !== undefined) throw new Error(`Unknown "${unknown}": give some of ${known.join(", ")}.`);
mkdirSync(reports, { recursive: true });
for (const name of positionals.length > 0 ? positionals.flatMap(chosen) : known) {
  const tests = testsOf[name];
  const { noticed, survived, invalid } = tests ? mutateFile(name, tests) : mutateCrate(name, values.shard);
  const percent = ((100 * noticed) / (noticed + survived)).toFixed(1);
  console.log(`${name}: ${noticed} of ${noticed + survived} noticed (${percent} %), ${invalid} not valid`);
}
