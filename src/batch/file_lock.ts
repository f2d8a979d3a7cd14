import { randomUUID } from "node:crypto";
import { readFile, readlink, rename, rm, stat, utimes, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { basename, dirname } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { EdgecapError, unwritable } from "../errors.ts";
import { isAlive } from "../files/is_alive.ts";
import { removeLeftovers } from "../files/remove_leftovers.ts";

/** Who holds a lock. */
interface Holder {
  /** Distinguishes this lock from all others. */
  readonly id: string;
  readonly pid: number;
  /** When the process began, in its system's own count, because a later process may have the same number. */
  readonly started: string;
  readonly host: string;
  /** System and process namespace: only inside them can one check whether the process is alive. */
  readonly space: string;
}

/** How often a lock is renewed, and when it counts as abandoned. */
export interface LockTimes {
  /** Interval at which a process renews its lock, in milliseconds. */
  readonly renewalMs: number;
  /** A lock not renewed for this long belongs to a process that is gone, in milliseconds. */
  readonly abandonedMs: number;
}

/** The times for all processes that share a file; tests have others. */
const usualTimes: LockTimes = { renewalMs: 2000, abandonedMs: 10_000 };
/** How many times a lock is looked at before it counts as abandoned. */
const looks = 40;
/** Attempts to take a lock while other processes take and release it. */
const attempts = 20;

/** A file that one process at a time may write. */
export interface FileLock extends AsyncDisposable {
  /**
   * Checks that this process still holds the lock: a process that was suspended for long may have lost it.
   *
   * @throws {EdgecapError} `file-unwritable`
   */
  assertHeld(): void;
}

/**
 * Locks a file by another beside it, `FILE.lock`. The lock of a process that was killed on this machine is taken over
 * at once; a lock from another machine or container once it has not been renewed for ten seconds.
 *
 * @param path The file.
 * @throws {EdgecapError} `file-unwritable` if another process writes the file.
 */
export async function lockFile(path: string, times: LockTimes = usualTimes): Promise<FileLock> {
  const lock = `${path}.lock`;
  const mine = await self();
  for (let attempt = 0; attempt < attempts; attempt++) {
    if (await create(lock, JSON.stringify(mine), path)) {
      await removeLeft(lock, times);
      return hold(path, lock, mine, times);
    }
    const holder = await holderOf(lock);
    if (holder === "gone") continue;
    if (!(await isAbandoned(lock, holder, mine, times))) {
      // The holder may have given it back meanwhile.
      if ((await holderOf(lock)) === "gone") continue;
      throw busy(path, holder);
    }
    if (await takeOver(lock, holder, mine, times)) {
      await removeLeft(lock, times);
      return hold(path, lock, mine, times);
    }
  }
  throw busy(path, undefined);
}

function busy(path: string, holder: Holder | undefined): EdgecapError {
  const who = holder === undefined ? "Another process" : `Process ${holder.pid} on ${holder.host}`;
  return new EdgecapError(
    "file-unwritable",
    `${who} is writing "${path}": wait until that batch has ended, or give --out another file.`,
  );
}

/** Creates the lock of a file, which messages name; `false` if it exists already. */
async function create(lock: string, holder: string, path = lock): Promise<boolean> {
  try {
    await writeFile(lock, holder, { flag: "wx" });
    return true;
  } catch (cause) {
    if ((cause as { readonly code?: unknown }).code === "EEXIST") return false;
    // On a full disk the file may be empty.
    await rm(lock, { force: true }).catch(() => {});
    throw unwritable(path, cause);
  }
}

function hold(path: string, lock: string, mine: Holder, { renewalMs }: LockTimes): FileLock {
  let lost = false;
  const renew = async () => {
    const holder = await holderOf(lock);
    if (holder === "gone" || holder?.id !== mine.id) lost = true;
    else await utimes(lock, new Date(), new Date()).catch(() => {});
  };
  const renewal = setInterval(() => void renew().catch(() => {}), renewalMs);
  renewal.unref();
  return {
    assertHeld: () => {
      if (lost) throw busy(path, undefined);
    },
    [Symbol.asyncDispose]: async () => {
      clearInterval(renewal);
      const holder = await holderOf(lock).catch(() => undefined);
      if (holder !== "gone" && holder?.id === mine.id) await rm(lock, { force: true }).catch(() => {});
    },
  };
}

/** Who holds a lock; `undefined` if the file is not a lock of edgecap. */
async function holderOf(lock: string): Promise<Holder | "gone" | undefined> {
  let text: string;
  try {
    text = await readFile(lock, "utf8");
  } catch (cause) {
    if ((cause as { readonly code?: unknown }).code === "ENOENT") return "gone";
    throw unwritable(lock, cause);
  }
  try {
    const holder = JSON.parse(text) as Partial<Holder> | null;
    const { id, pid, started, host, space } = holder ?? {};
    if ([id, started, host, space].every((value) => typeof value === "string") && Number.isSafeInteger(pid)) {
      return holder as Holder;
    }
  } catch {
    // The file is not JSON: it is not edgecap's, or the disk was full.
  }
  return undefined;
}

async function isAbandoned(
  lock: string,
  holder: Holder | undefined,
  mine: Holder,
  { abandonedMs }: LockTimes,
): Promise<boolean> {
  if (holder?.space === mine.space && holder.host === mine.host) {
    return !isAlive(holder.pid) || (await startOf(holder.pid)) !== holder.started;
  }
  // The clocks of two machines differ, so what counts is whether the time changes.
  const before = (await stat(lock).catch(() => undefined))?.mtimeMs;
  for (let look = 0; look < looks; look++) {
    await wait(abandonedMs / looks);
    if ((await stat(lock).catch(() => undefined))?.mtimeMs !== before) return false;
  }
  return true;
}

/** Form of an id. */
const idForm = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
/** The id of a lock that has none. */
const noId = "00000000-0000-0000-0000-000000000000";

/**
 * Replaces an abandoned lock by this process's own; `false` if another process is quicker. Several may find the same
 * lock abandoned, and one of them be slow, when the lock is long another's. So each first creates a claim, whose name
 * has the id of that lock: while the claim exists, no other process replaces the lock. The claim then becomes the lock.
 */
async function takeOver(lock: string, holder: Holder | undefined, mine: Holder, times: LockTimes): Promise<boolean> {
  // Any program can have written the id.
  const claim = `${lock}-${holder !== undefined && idForm.test(holder.id) ? holder.id : noId}`;
  if (!(await create(claim, JSON.stringify(mine)))) {
    const claimant = await holderOf(claim);
    if (claimant !== "gone" && (await isAbandoned(claim, claimant, mine, times))) await rm(claim, { force: true });
    return false;
  }
  const now = await holderOf(lock).catch(() => "gone" as const);
  if (now === "gone" || now?.id !== holder?.id) {
    await rm(claim, { force: true });
    return false;
  }
  await rename(claim, lock).catch(() => {});
  const taken = await holderOf(lock);
  return taken !== "gone" && taken?.id === mine.id;
}

/** Removes what processes left that were killed while they took a lock over. */
async function removeLeft(lock: string, { abandonedMs }: LockTimes): Promise<void> {
  const beginning = `${basename(lock)}-`;
  const isName = (name: string) => name.startsWith(beginning) && idForm.test(name.slice(beginning.length));
  // A recent one may belong to a living process, which is taking the lock over.
  await removeLeftovers(dirname(lock), { kind: "file", isName, olderThanMs: abandonedMs });
}

async function self(): Promise<Holder> {
  const [boot, space] = await Promise.all([
    readFile("/proc/sys/kernel/random/boot_id", "utf8").catch(() => ""),
    readlink("/proc/self/ns/pid").catch(() => ""),
  ]);
  return {
    id: randomUUID(),
    pid: process.pid,
    started: await startOf(process.pid),
    host: hostname(),
    space: `${boot.trim()} ${space}`,
  };
}

/** When a process began, in ticks since its system did; empty if the system does not say. */
async function startOf(pid: number): Promise<string> {
  const text = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
  // The name in parentheses may hold anything.
  return text.slice(text.lastIndexOf(")") + 2).split(" ")[19] ?? "";
}
