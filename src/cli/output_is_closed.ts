import { readFileSync, readlinkSync } from "node:fs";

/** The flag of open(2) that closes a file in the programs that a process starts: 02000000 on Linux. */
const closeOnExec = 0o2000000;

/**
 * Whether the process was started with standard output closed, as `>&-` does in a shell. Every runtime then opens
 * /dev/null in its place. Only Bun on Linux does so with a flag that an inherited file cannot have: Node gives this flag
 * to inherited files too, and Deno to none. There, a closed output looks like one that a parent process discards.
 */
export function outputIsClosed(): boolean {
  if (process.versions.bun === undefined || process.platform !== "linux") return false;
  try {
    if (readlinkSync("/proc/self/fd/1") !== "/dev/null") return false;
    const flags = /^flags:\s*([0-7]+)$/m.exec(readFileSync("/proc/self/fdinfo/1", "latin1"))?.[1];
    return (Number.parseInt(flags ?? "0", 8) & closeOnExec) !== 0;
  } catch {
    return false;
  }
}
