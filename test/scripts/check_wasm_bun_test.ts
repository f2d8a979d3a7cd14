import { describe, expect, test } from "bun:test";
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { checkBuild, hashSources, recordBuild } from "../../scripts/check/check_wasm.ts";

/** A crate with a build, in a folder that is gone afterwards. */
function withCrate(work: (crate: string) => void): void {
  const crate = mkdtempSync(join(tmpdir(), "edgecap-crate-"));
  try {
    mkdirSync(join(crate, "src", "inner"), { recursive: true });
    mkdirSync(join(crate, "pkg"));
    for (const path of [
      "Cargo.toml",
      "Cargo.lock.txt",
      "src/lib.rs",
      "src/inner/part.rs",
      "pkg/a.js",
      "pkg/a_bg.wasm",
    ]) {
      writeFileSync(join(crate, path), `content of ${path}`);
    }
    recordBuild(crate, join(crate, "pkg"));
    work(crate);
  } finally {
    rmSync(crate, { recursive: true });
  }
}

describe("checkBuild()", () => {
  test("the committed build of wasm comes from its sources", () => {
    expect(checkBuild(fileURLToPath(new URL("../../crates/text", import.meta.url)))).toEqual([]);
  });

  test("accepts what recordBuild() recorded", () => {
    withCrate((crate) => expect(checkBuild(crate)).toEqual([]));
  });

  test("says so if a source has changed, appeared or disappeared", () => {
    const changes: ((crate: string) => void)[] = [
      (crate) => writeFileSync(join(crate, "Cargo.lock.txt"), "other"),
      (crate) => writeFileSync(join(crate, "src/inner/part.rs"), "other"),
      (crate) => writeFileSync(join(crate, "src/new.rs"), ""),
      (crate) => rmSync(join(crate, "src/inner/part.rs")),
    ];
    for (const change of changes) {
      withCrate((crate) => {
        change(crate);
        expect(checkBuild(crate)).toEqual([
          `The sources of "${crate}" have changed since it was built: run scripts/build/build_wasm.sh and commit the result.`,
        ]);
      });
    }
  });

  test("says so if a file of the build has changed, appeared or disappeared", () => {
    const changes: [string, (path: string) => void][] = [
      ["a.js", (path) => writeFileSync(path, "other")],
      ["new.js", (path) => writeFileSync(path, "")],
      ["a_bg.wasm", (path) => rmSync(path)],
    ];
    for (const [name, change] of changes) {
      withCrate((crate) => {
        const path = join(crate, "pkg", name);
        change(path);
        expect(checkBuild(crate)).toEqual([
          `"${path}" is not the one that was built: run scripts/build/build_wasm.sh and commit the result.`,
        ]);
      });
    }
  });

  test("says so if nothing was recorded", () => {
    withCrate((crate) => {
      rmSync(join(crate, "pkg/sources.sha256"));
      expect(checkBuild(crate)[0]).toContain("sources.sha256");
    });
  });
});

describe("hashSources()", () => {
  test("does not depend on where the crate is", () => {
    withCrate((crate) => {
      const copy = mkdtempSync(join(tmpdir(), "edgecap-copy-"));
      cpSync(crate, copy, { recursive: true });
      expect(hashSources(copy)).toBe(hashSources(crate));
      rmSync(copy, { recursive: true });
    });
  });
});
