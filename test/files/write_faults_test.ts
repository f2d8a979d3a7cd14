/** What stays on the disk when a system call fails, or another program interferes. */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import {
  chmod,
  type FileHandle,
  mkdir,
  mkdtemp,
  open,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  utimes,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  assertWritable,
  createAtomicFile,
  removeAbandoned,
  replaceAtomically,
  writeAtomically,
} from "../../src/files/atomic_write.ts";
import { codeOf } from "../code_of.ts";

const text = (content: string) => new TextEncoder().encode(content);

let folder: string;
let path: string;
/** Undoes changes of the runtime's file handles. */
const undo: (() => void)[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "edgecap-faults-"));
  path = join(folder, "a.txt");
});

afterEach(async () => {
  for (const one of undo.splice(0)) one();
  await rm(folder, { recursive: true });
});

type Method = "write" | "sync" | "chmod" | "chown" | "close";

/** Replaces a method of every file handle until the test ends. */
async function replaced(
  method: Method,
  by: (real: (...args: unknown[]) => unknown) => (...args: unknown[]) => unknown,
) {
  const handle = await open(tmpdir(), "r");
  const prototype = Object.getPrototypeOf(handle) as Record<Method, (...args: unknown[]) => unknown>;
  await handle.close();
  const real = prototype[method];
  prototype[method] = function (this: FileHandle, ...args: unknown[]) {
    return by((...given) => real.apply(this, given))(...args);
  };
  undo.push(() => {
    prototype[method] = real;
  });
}

const failing = (method: Method) =>
  replaced(method, () => async () => {
    throw Object.assign(new Error("no space left on device"), { code: "ENOSPC" });
  });

describe("writeAtomically() and createAtomicFile()", () => {
  test("write all, however little the system takes at once", async () => {
    const lengths: number[] = [];
    await replaced("write", (real) => async (bytes, from) => {
      const start = Number(from ?? 0);
      lengths.push(start);
      return await real(bytes, start, Math.min(3, (bytes as Uint8Array).length - start));
    });
    await writeAtomically(path, "0123456789");
    expect([await readFile(path, "utf8"), lengths]).toEqual(["0123456789", [0, 3, 6, 9]]);
  });

  test("flush the content to the disk before it gets its name", async () => {
    let before: string[] = [];
    await replaced("sync", (real) => async () => {
      before = await readdir(folder);
      return await real();
    });
    await writeAtomically(path, "x");
    expect(before.length).toBe(1);
    expect(before).not.toContain("a.txt");
  });

  for (const method of ["write", "sync"] as const)
    test(`keep the old content and leave nothing else if ${method}() fails`, async () => {
      await writeFile(path, "old");
      await failing(method);
      expect(await codeOf(writeAtomically(path, "new"))).toBe("file-unwritable");
      expect([await readFile(path, "utf8"), await readdir(folder)]).toEqual(["old", ["a.txt"]]);
    });

  test("leave nothing if the permissions cannot be set", async () => {
    await writeFile(path, "old");
    await failing("chmod");
    expect(await codeOf(createAtomicFile(path, await stat(path)))).toBe("file-unwritable");
    expect(await readdir(folder)).toEqual(["a.txt"]);
  });

  test("do without the owner if the system does not allow it", async () => {
    await writeFile(path, "old");
    await chmod(path, 0o640);
    await failing("chown");
    await writeAtomically(path, "new", await stat(path));
    expect([await readFile(path, "utf8"), (await stat(path)).mode & 0o7777]).toEqual(["new", 0o640]);
  });

  test("take over the permissions and the owner, and otherwise leave them to the system", async () => {
    const owners: unknown[] = [];
    await replaced(
      "chown",
      () =>
        async (...owner) =>
          void owners.push(owner),
    );
    await writeFile(path, "old");
    for (const mode of [0o600, 0o755, 0o2640]) {
      await chmod(path, mode);
      const like = await stat(path);
      await writeAtomically(path, "new", like);
      expect((await stat(path)).mode & 0o7777).toBe(mode);
      expect(owners.at(-1)).toEqual([like.uid, like.gid]);
    }
    const { length } = owners;
    await writeAtomically(path, "newer");
    expect(owners.length).toBe(length);
  });

  test("say which file cannot be written, also after it was disposed of, which may happen twice", async () => {
    const file = await createAtomicFile(path);
    await file[Symbol.asyncDispose]();
    await file[Symbol.asyncDispose]();
    await expect(file.write(text("x"))).rejects.toThrow(path);
    await expect(file.finish()).rejects.toThrow(path);
    expect(await codeOf(file.finish())).toBe("file-unwritable");
    expect(await readdir(folder)).toEqual([]);
  });

  test("leave a file that another program has written under the name since", async () => {
    const file = await createAtomicFile(path);
    const [name] = await readdir(folder);
    await file.write(text("mine"));
    expect((await file.finish()).size).toBe(4);
    await writeFile(join(folder, name!), "theirs");
    await file[Symbol.asyncDispose]();
    expect((await readdir(folder)).sort()).toEqual([name!, "a.txt"].sort());
  });

  test("dispose of a file whose handle cannot be closed", async () => {
    const file = await createAtomicFile(path);
    const closed: unknown[] = [];
    await replaced("close", (real) => async () => {
      closed.push(await real());
      throw new Error("an error of the disk");
    });
    await file[Symbol.asyncDispose]();
    expect([closed.length, await readdir(folder)]).toEqual([1, []]);
  });
});

describe("removeAbandoned()", () => {
  const old = async (name: string) => {
    await writeFile(join(folder, name), "");
    await utimes(join(folder, name), 1, 1);
  };

  test("recognises only the names of unfinished files", async () => {
    const hex = "0123456789abcdef01234567";
    const others = [
      `x.edgecap-1-${hex}.partial`,
      `.edgecap-1-${hex}.partial.jpg`,
      `.edgecap-1-${hex.slice(1)}.partial`,
      `.edgecap-1-${hex}0.partial`,
      `.edgecap-1-${hex.toUpperCase()}.partial`,
      `.edgecap--${hex}.partial`,
      `.edgecap-a-${hex}.partial`,
      `.edgecap-1-${hex}xpartial`,
      `.edgecap-1-${hex}`,
    ];
    for (const name of [...others, `.edgecap-12-${hex}.partial`]) await old(name);
    await removeAbandoned(folder);
    expect((await readdir(folder)).sort()).toEqual([...others].sort());
  });

  test("spares a file only as long as this process writes it", async () => {
    for (const end of ["finish", "dispose"] as const) {
      const file = await createAtomicFile(path);
      const name = (await readdir(folder)).find((one) => one.startsWith("."))!;
      await utimes(join(folder, name), 1, 1);
      await removeAbandoned(folder);
      expect(await readdir(folder)).toContain(name);
      if (end === "finish") await file.finish();
      else await file[Symbol.asyncDispose]();
      // Now the name is treated like any other.
      await old(name);
      await removeAbandoned(folder);
      expect(await readdir(folder)).not.toContain(name);
    }
  });

  test("is not repeated for every file that is written into a folder", async () => {
    await writeAtomically(path, "x");
    const name = `.edgecap-1-${"0".repeat(24)}.partial`;
    await old(name);
    await writeAtomically(path, "y");
    expect(await readdir(folder)).toContain(name);
  });
});

describe("replaceAtomically()", () => {
  test("replaces a file that has not changed since it was read, and keeps its permissions", async () => {
    await writeFile(path, "old");
    await chmod(path, 0o600);
    const written = await replaceAtomically(path, text("newer"), await stat(path));
    const now = await stat(path);
    expect([await readFile(path, "utf8"), now.mode & 0o777, written.ino, written.size]).toEqual([
      "newer",
      0o600,
      now.ino,
      5,
    ]);
  });

  const changes: Readonly<Record<string, () => Promise<void>>> = {
    "is longer": async () => {
      const { atime, mtime } = await stat(path);
      await writeFile(path, "older");
      await utimes(path, atime, mtime);
    },
    "was written to": () => utimes(path, 5, 5),
    "was replaced by another": async () => {
      const { atime, mtime } = await stat(path);
      await writeFile(join(folder, "b.txt"), "odd");
      await rename(join(folder, "b.txt"), path);
      await utimes(path, atime, mtime);
    },
  };
  for (const [what, change] of Object.entries(changes))
    test(`leaves a file that ${what} since it was read`, async () => {
      await writeFile(path, "old");
      await utimes(path, 1000, 1000);
      const before = await stat(path);
      await change();
      const now = await readFile(path, "utf8");
      expect(await codeOf(replaceAtomically(path, text("new"), before))).toBe("data-invalid");
      expect(await readFile(path, "utf8")).toBe(now);
      expect((await readdir(folder)).filter((name) => name.startsWith("."))).toEqual([]);
    });

  test("refuses a file that disappears meanwhile", async () => {
    await writeFile(path, "old");
    await replaced("write", (real) => async (...args) => {
      await rm(path, { force: true });
      return await real(...args);
    });
    expect(await codeOf(replaceAtomically(path, text("new"), await stat(path)))).toBe("file-unwritable");
    expect(await readdir(folder)).toEqual([]);
  });

  test("refuses a file that is gone, and a folder", async () => {
    await writeFile(path, "old");
    const before = await stat(path);
    await rm(path);
    expect(await codeOf(replaceAtomically(path, text("new"), before))).toBe("file-unwritable");
    await mkdir(path);
    expect(await codeOf(replaceAtomically(path, text("new"), before))).toBe("data-invalid");
    expect(await readdir(folder)).toEqual(["a.txt"]);
  });
});

test("assertWritable() refuses a file that nobody may write, for every user", async () => {
  await writeFile(path, "x");
  for (const [mode, refused] of [
    [0o444, true],
    [0o555, true],
    [0o200, false],
    [0o644, false],
  ] as const) {
    await chmod(path, mode);
    expect([mode, await codeOf(assertWritable(path, await stat(path)))]).toEqual([
      mode,
      refused ? "file-unwritable" : "no error",
    ]);
  }
  await expect(assertWritable(join(folder, "none"), await stat(path))).rejects.toThrow(
    "its permissions do not allow it",
  );
});
