import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { randomUUID } from "node:crypto";
import { existsSync, utimesSync, writeFileSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { type FileLock, lockFile } from "../../src/batch/file_lock.ts";
import { EdgecapError } from "../../src/errors.ts";
import { codeOf } from "../code_of.ts";
import { testUnless } from "../skip.ts";

/** Times as short as tests need them; a lock is looked at every 10 ms. */
const quick = { renewalMs: 20, abandonedMs: 400 };

let folder: string;
let path: string;
let lock: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "edgecap-lock-"));
  path = join(folder, "results.jsonl");
  lock = `${path}.lock`;
});

afterEach(() => rm(folder, { recursive: true }));

/** The text that this process writes into a lock. */
async function ownHolder(): Promise<Record<string, unknown>> {
  await using _ = await lockFile(path);
  return JSON.parse(await readFile(lock, "utf8"));
}

/** Waits for the work of a timer, however busy the machine is. */
async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isSo())) await new Promise((resolve) => setTimeout(resolve, 20));
}

function isLost(held: FileLock): boolean {
  try {
    held.assertHeld();
    return false;
  } catch (error) {
    expect(error).toBeInstanceOf(EdgecapError);
    expect(error).toMatchObject({ code: "file-unwritable", message: expect.stringContaining(path) });
    return true;
  }
}

describe("lockFile()", () => {
  test("names the holder of a file, and frees the file when it is disposed of", async () => {
    {
      await using held = await lockFile(path);
      held.assertHeld();
      expect(await readdir(folder)).toEqual(["results.jsonl.lock"]);
      await expect(lockFile(path)).rejects.toThrow(`Process ${process.pid} on ${hostname()} is writing "${path}"`);
      // Another file is free.
      await using other = await lockFile(join(folder, "other.jsonl"));
      other.assertHeld();
    }
    expect(await readdir(folder)).toEqual([]);
  });

  test("describes this process, with a new id each time", async () => {
    const [first, second] = [await ownHolder(), await ownHolder()];
    expect(first).toMatchObject({ pid: process.pid, host: hostname(), id: expect.any(String) });
    expect({ ...second, id: 0 }).toEqual({ ...first, id: 0 });
    expect(second["id"]).not.toBe(first["id"]);
  });

  testUnless(
    process.platform === "linux" ? undefined : "only Linux says when a process began",
    "says when this process began, and in which space its number counts",
    async () => {
      const { space, started } = await ownHolder();
      expect(space).toMatch(/^[0-9a-f-]{36} pid:\[\d+\]$/);
      const ticks = (await readFile("/proc/self/stat", "utf8")).replace(/^.*\) /s, "").split(" ")[19];
      expect(started).toBe(ticks!);
    },
  );

  test("lets one of many processes take over the lock of a dead one, and leaves nothing else behind", async () => {
    const gone = { ...(await ownHolder()), id: "other", pid: 2 ** 22 + 1 };
    for (let round = 0; round < 25; round++) {
      await writeFile(lock, JSON.stringify(gone));
      const all = await Promise.allSettled(Array.from({ length: 8 }, () => lockFile(path)));
      const held = all.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
      const refused = all.flatMap((one) => (one.status === "rejected" ? [(one.reason as EdgecapError).code] : []));
      expect([held.length, new Set(refused)]).toEqual([1, new Set(["file-unwritable"])]);
      expect(await readdir(folder)).toEqual(["results.jsonl.lock"]);
      held[0]!.assertHeld();
      await held[0]![Symbol.asyncDispose]();
    }
    expect(await readdir(folder)).toEqual([]);
  });

  test("continues if a process was killed while it took over a lock, and follows no path in a lock", async () => {
    const gone = { ...(await ownHolder()), pid: 2 ** 22 + 1 };
    for (const id of [randomUUID(), "other", "../../results.jsonl", `../${randomUUID()}`, `${randomUUID()}/x`]) {
      await writeFile(lock, JSON.stringify({ ...gone, id }));
      const claim = `${lock}-${id.length === 36 ? id : "00000000-0000-0000-0000-000000000000"}`;
      await writeFile(claim, JSON.stringify({ ...gone, id: "third" }));
      await using held = await lockFile(path);
      held.assertHeld();
      expect(await readdir(folder)).toEqual(["results.jsonl.lock"]);
    }
    // A living process goes first.
    const id = randomUUID();
    await writeFile(lock, JSON.stringify({ ...gone, id }));
    await writeFile(`${lock}-${id}`, JSON.stringify({ ...gone, id: "third", pid: process.pid }));
    expect(await codeOf(lockFile(path))).toBe("file-unwritable");
    expect((await readdir(folder)).length).toBe(2);
  });

  test("respects a living process of this machine, however old its lock is", async () => {
    // The process that started this one is alive.
    const text = await readFile(`/proc/${process.ppid}/stat`, "utf8").catch(() => "");
    const started = text.replace(/^.*\) /s, "").split(" ")[19] ?? "";
    await writeFile(lock, JSON.stringify({ ...(await ownHolder()), id: "other", pid: process.ppid, started }));
    await utimes(lock, 1, 1);
    await expect(lockFile(path)).rejects.toThrow(`Process ${process.ppid} on`);
    expect(await readdir(folder)).toEqual(["results.jsonl.lock"]);
  });

  test("respects a lock that another machine, container or program renews", async () => {
    const own = await ownHolder();
    const holders: readonly (readonly [content: string, who: string])[] = [
      // A number that no process has here says nothing about processes elsewhere.
      [JSON.stringify({ ...own, pid: 2 ** 22 + 1, host: "elsewhere" }), `Process ${2 ** 22 + 1} on elsewhere`],
      [JSON.stringify({ ...own, pid: 2 ** 22 + 1, space: "another" }), `Process ${2 ** 22 + 1} on ${hostname()}`],
      ["", "Another process"],
      ["null", "Another process"],
      ["[]", "Another process"],
      ["{", "Another process"],
      ...["id", "started", "host", "space", "pid"].map(
        (name) => [JSON.stringify({ ...own, pid: 2 ** 22 + 1, [name]: null }), "Another process"] as const,
      ),
      [JSON.stringify({ ...own, pid: 0.5 }), "Another process"],
    ];
    let time = 1;
    const renewal = setInterval(() => {
      time++;
      for (const at of holders.keys()) void utimes(`${path}${at}.lock`, time, time).catch(() => {});
    }, 5);
    try {
      await Promise.all(
        holders.map(async ([content, who], at) => {
          await writeFile(`${path}${at}.lock`, content);
          const taking = lockFile(`${path}${at}`, quick);
          await expect(taking).rejects.toThrow(`${who} is writing "${path}${at}"`);
          expect(await readFile(`${path}${at}.lock`, "utf8")).toBe(content);
        }),
      );
    } finally {
      clearInterval(renewal);
    }
  });

  test("renews the lock, notices when it is gone, and leaves a lock that another process has taken", async () => {
    const paths = ["a", "b", "c"].map((name) => join(folder, name));
    const [kept, taken, removed] = (await Promise.all(paths.map((one) => lockFile(one, quick)))) as [
      FileLock,
      FileLock,
      FileLock,
    ];
    await utimes(`${paths[0]}.lock`, 1, 1);
    await writeFile(`${paths[1]}.lock`, JSON.stringify({ ...(await ownHolder()), id: "other" }));
    await rm(`${paths[2]}.lock`);
    path = "";
    await until(() => isLost(taken) && isLost(removed));
    await until(async () => (await stat(`${paths[0]}.lock`)).mtimeMs > 1e12);
    kept.assertHeld();
    for (const held of [kept, taken, removed]) await held[Symbol.asyncDispose]();
    expect(await readdir(folder)).toEqual(["b.lock"]);
  });

  test("takes over what another machine, container or program left, once it has not been renewed for long", async () => {
    const own = await ownHolder();
    const contents = [
      JSON.stringify({ ...own, id: randomUUID(), host: "elsewhere" }),
      JSON.stringify({ ...own, id: randomUUID(), space: "another" }),
      "",
      "[]",
    ];
    for (const content of contents) {
      await writeFile(lock, content);
      const started = performance.now();
      await using held = await lockFile(path, quick);
      // Timers may be early by a part of a millisecond.
      expect(performance.now() - started).toBeGreaterThan(0.9 * quick.abandonedMs);
      held.assertHeld();
      expect(JSON.parse(await readFile(lock, "utf8"))).toMatchObject({ pid: process.pid, host: hostname() });
      expect(await readdir(folder)).toEqual(["results.jsonl.lock"]);
    }
  });

  test("does not renew a lock that was given back", async () => {
    const held = await lockFile(path, quick);
    const content = await readFile(lock);
    await held[Symbol.asyncDispose]();
    await writeFile(lock, content);
    await utimes(lock, 1, 1);
    await new Promise((resolve) => setTimeout(resolve, 4 * quick.renewalMs));
    expect((await stat(lock)).mtimeMs).toBe(1000);
  });

  test("takes over from a process whose number another one has now", async () => {
    const own = await ownHolder();
    // Where the system does not say when processes began, the number is all there is.
    const started = own["started"] === "" ? "" : "before";
    await writeFile(lock, JSON.stringify({ ...own, id: "other", started }));
    if (started === "") expect(await codeOf(lockFile(path))).toBe("file-unwritable");
    else {
      await using held = await lockFile(path);
      held.assertHeld();
      expect(JSON.parse(await readFile(lock, "utf8"))).toMatchObject({ pid: process.pid, started: own["started"] });
    }
  });

  test("waits again if another takes over while it waits, and leaves nothing else behind", async () => {
    const other = { ...(await ownHolder()), host: "elsewhere" };
    await writeFile(lock, JSON.stringify({ ...other, id: randomUUID() }));
    utimesSync(lock, 5, 5);
    const started = performance.now();
    const taking = lockFile(path, quick);
    await new Promise((resolve) => setTimeout(resolve, quick.abandonedMs / 4));
    // Another lock, at the same time by the clock of its machine.
    writeFileSync(lock, JSON.stringify({ ...other, id: randomUUID() }));
    utimesSync(lock, 5, 5);
    await using held = await taking;
    expect(performance.now() - started).toBeGreaterThan(1.8 * quick.abandonedMs);
    held.assertHeld();
    expect(JSON.parse(await readFile(lock, "utf8"))).toMatchObject({ host: hostname() });
    expect(await readdir(folder)).toEqual(["results.jsonl.lock"]);
  });

  test("loses a lock into which another program writes, and leaves that", async () => {
    const held = await lockFile(path, quick);
    await writeFile(lock, "notes");
    await until(() => isLost(held));
    await held[Symbol.asyncDispose]();
    expect(await readFile(lock, "utf8")).toBe("notes");
  });

  test("renews a lock every two seconds, unless told otherwise", async () => {
    await using _ = await lockFile(path);
    await utimes(lock, 1, 1);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect((await stat(lock)).mtimeMs).toBe(1000);
  });

  test("goes ahead if the other gives its lock back while this process waits", async () => {
    await writeFile(lock, JSON.stringify({ ...(await ownHolder()), id: randomUUID(), host: "elsewhere" }));
    // It looks at the lock five times a second.
    const taking = lockFile(path, { renewalMs: 20, abandonedMs: 8000 });
    await new Promise((resolve) => setTimeout(resolve, 50));
    await rm(lock);
    await using held = await taking;
    held.assertHeld();
    expect(existsSync(lock)).toBe(true);
  });

  test("leaves the claims of others alone that are young, and removes old ones", async () => {
    const [young, old, other] = [`${lock}-${randomUUID()}`, `${lock}-${randomUUID()}`, `${lock}-notes`];
    for (const one of [young, old, other]) await writeFile(one, "");
    for (const one of [old, other]) await utimes(one, 1, 1);
    await using _ = await lockFile(path, { ...quick, abandonedMs: 60_000 });
    expect([young, old, other].map((one) => existsSync(one))).toEqual([true, false, true]);
  });

  test("fails if no lock can be made, or a folder has its name", async () => {
    await expect(lockFile(join(folder, "none", "a"))).rejects.toThrow(/none.*its folder does not exist/);
    expect(await codeOf(lockFile(join(folder, "none", "a")))).toBe("file-unwritable");
    await mkdir(lock);
    await expect(lockFile(path)).rejects.toThrow(/EISDIR/);
    expect(await codeOf(lockFile(path))).toBe("file-unwritable");
    expect(existsSync(lock)).toBe(true);
  });
});
