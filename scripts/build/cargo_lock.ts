/**
 * Keeps Cargo's lockfiles free of addresses: `Cargo.lock.txt` is committed, and `Cargo.lock` is made from it before
 * cargo runs.
 *
 * usage: bun scripts/build/cargo_lock.ts restore|save CRATE...
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const plain = 'source = "crates-io"';
const address = /source = "registry\+[^"]*"/g;

const [verb, ...crates] = process.argv.slice(2);
if ((verb !== "restore" && verb !== "save") || crates.length === 0) {
  process.stderr.write("usage: bun scripts/build/cargo_lock.ts restore|save CRATE...\n");
  process.exit(2);
}
for (const crate of crates) {
  const [lock, text] = [join(crate, "Cargo.lock"), join(crate, "Cargo.lock.txt")];
  if (verb === "save") writeFileSync(text, readFileSync(lock, "utf8").replaceAll(address, plain));
  else writeFileSync(lock, readFileSync(text, "utf8").replaceAll(plain, registrySource()));
}

/** How this cargo writes its default registry into a lockfile: read off one that it has just made. */
function registrySource(): string {
  const folder = mkdtempSync(join(tmpdir(), "edgecap-lock-"));
  try {
    mkdirSync(join(folder, "src"));
    writeFileSync(join(folder, "src", "lib.rs"), "");
    writeFileSync(
      join(folder, "Cargo.toml"),
      '[package]\nname = "lock"\nversion = "0.0.0"\nedition = "2021"\n[dependencies]\ncfg-if = "1"\n[workspace]\n',
    );
    const { status, stderr } = spawnSync("cargo", ["generate-lockfile"], { cwd: folder, encoding: "utf8" });
    const source = status === 0 ? readFileSync(join(folder, "Cargo.lock"), "utf8").match(address)?.[0] : undefined;
    if (source === undefined) throw new Error(`Cargo made no lockfile to read its registry's name from: ${stderr}`);
    return source;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
