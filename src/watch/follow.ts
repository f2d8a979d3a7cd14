import { stat } from "node:fs/promises";
import { join, relative } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { type FSWatcher, watch } from "chokidar";
import { OneAtATime } from "../async/one_at_a_time.ts";
import { hasHiddenPart, imageName } from "../batch/image_names.ts";
import { EdgecapError } from "../errors.ts";
import type { DelayedWrite } from "./delayed_write.ts";

/** A file that has not grown for this long is complete, in milliseconds. */
const wholeMs = 1000;

/** Options of {@linkcode follow}. */
export interface FollowOptions {
  readonly folder: string;
  readonly hidden: boolean;
  readonly signal: AbortSignal;
  /** Writes its file whenever there is nothing else to do. */
  readonly files: DelayedWrite;
  update(path: string): Promise<void>;
  remove(name: string): Promise<void>;
  nameOf(path: string): string;
  /** Works through all existing pictures. Incomplete ones are left to the event that reports their completion. */
  scan(
    onLinkedFolder: (link: string, target: string) => void,
    isWhole: (path: string) => Promise<boolean>,
  ): Promise<void>;
  readonly onReady: (() => void) | undefined;
}

/** Works through existing pictures and changes, one picture at a time, until the signal is aborted. */
export async function follow(options: FollowOptions): Promise<void> {
  const { folder, signal, files } = options;
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  let hasEnded = false;
  const end = () => {
    hasEnded = true;
    resolve();
  };
  const fail = (error: unknown) => {
    hasEnded = true;
    reject(error);
  };
  const turns = new OneAtATime();
  let waiting = 0;
  let timer: NodeJS.Timeout | undefined;
  const next = (work: () => Promise<void>) => {
    waiting++;
    clearTimeout(timer);
    void turns.run(async () => {
      await work().catch(fail);
      waiting--;
      const { dueMs } = files;
      if (waiting === 0 && dueMs !== undefined) timer = setTimeout(() => next(() => files.flush()), dueMs);
    });
  };
  const roots = new LinkedRoots(folder);
  const watcher = watch(folder, {
    ignored: (path, stats) =>
      (!options.hidden && hasHiddenPart(roots.within(path))) || (stats?.isFile() === true && !imageName.test(path)),
    // The walk follows links, since it knows which of them lead in circles.
    followSymlinks: false,
    ignoreInitial: true,
    ignorePermissionErrors: true,
    awaitWriteFinish: { stabilityThreshold: wholeMs, pollInterval: 100 },
  });
  const scan = () => options.scan((link, target) => roots.add(link, target, watcher), isWhole);
  const changed = async (path: string): Promise<void> => {
    const shown = roots.shown(path);
    if ((await stat(shown).catch(() => undefined))?.isDirectory()) return await scan();
    if (imageName.test(shown)) await options.update(shown);
  };
  const gone = async (path: string): Promise<void> => {
    const shown = roots.shown(path);
    await options.remove(options.nameOf(shown));
    // If a link is removed, the pictures of its folder are gone too.
    if (roots.remove(shown, watcher)) await scan();
  };
  for (const event of ["add", "change"] as const) watcher.on(event, (path) => next(() => changed(path)));
  watcher.on("unlink", (path) => next(() => gone(path)));
  watcher.on("error", (cause) => fail(unwatchable(folder, cause)));
  watcher.on("ready", () => {
    next(scan);
    next(async () => {
      await files.changed();
      await files.flush();
      if (!hasEnded) options.onReady?.();
    });
  });
  signal.addEventListener("abort", end, { once: true });
  if (signal.aborted) end();
  try {
    await promise;
    await turns.idle();
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", end);
    await watcher.close();
  }
}

/** Whether a picture has stopped growing. If it changes during the wait, another event follows. */
async function isWhole(path: string): Promise<boolean> {
  const before = await stat(path).catch(() => undefined);
  const age = before === undefined ? wholeMs : Date.now() - before.mtimeMs;
  // If the time of the last change is in the future, it says nothing.
  if (age >= wholeMs || age < 0) return true;
  await wait(wholeMs - age);
  const after = await stat(path).catch(() => undefined);
  return after === undefined || (after.size === before?.size && after.mtimeMs === before.mtimeMs);
}

/** Folders that are watched by their real path and shown by the link that leads to them. */
class LinkedRoots {
  readonly #folder: string;
  /** Links by the folders that they lead to. */
  readonly #links = new Map<string, string>();

  constructor(folder: string) {
    this.#folder = folder;
  }

  add(link: string, target: string, watcher: FSWatcher): void {
    if (this.#links.has(target)) return;
    this.#links.set(target, link);
    watcher.add(target);
  }

  /** Forgets a link; `false` if it did not lead to a watched folder. */
  remove(link: string, watcher: FSWatcher): boolean {
    const found = [...this.#links].find(([, shown]) => shown === link);
    if (found === undefined) return false;
    this.#links.delete(found[0]);
    watcher.unwatch(found[0]);
    return true;
  }

  /** A path as the walk gives it. */
  shown(path: string): string {
    const target = this.#root(path);
    return target === undefined ? path : join(this.#links.get(target)!, relative(target, path));
  }

  /** The part of a path below the watched folder. */
  within(path: string): string {
    return relative(this.#root(path) ?? this.#folder, path);
  }

  #root(path: string): string | undefined {
    if (isBelow(path, this.#folder)) return undefined;
    const roots = [...this.#links.keys()].filter((target) => isBelow(path, target));
    return roots.sort((a, b) => b.length - a.length)[0];
  }
}

function isBelow(path: string, folder: string): boolean {
  return path === folder || !/^(?:\.\.(?:[\\/]|$)|[a-z]:|[\\/])/i.test(relative(folder, path));
}

function unwatchable(folder: string, cause: unknown): EdgecapError {
  const { code, message } = cause as { readonly code?: unknown; readonly message?: unknown };
  const why =
    code === "ENOSPC" || code === "EMFILE"
      ? "the system cannot watch more folders at once (on Linux, raise fs.inotify.max_user_watches)"
      : String(message ?? cause);
  return new EdgecapError("file-unreadable", `Cannot watch "${folder}": ${why}.`, { cause });
}
