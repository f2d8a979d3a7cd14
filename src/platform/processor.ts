/** What the processor is and can do, for reports and for what is remembered of a machine. Not for browsers. */
import { spawnSync } from "node:child_process";
import { closeSync, openSync, readSync } from "node:fs";
import { cpus } from "node:os";
import { isGranted } from "./runtime_name.ts";

/** Features that decide how fast, and how exactly, graphs run: their names here, and in Linux and macOS. */
const features: readonly (readonly [string, RegExp])[] = [
  ["SSE4.1", /^sse4_1$/],
  ["AVX2", /^avx2(?:_0)?$/],
  ["FMA", /^fma$/],
  ["AVX-512", /^avx512f$/],
  ["VNNI", /^avx(?:512)?_?vnni$/],
  ["AMX", /^amx_int8$/],
  ["NEON", /^(?:asimd|neon)$/],
  ["dot products", /^(?:asimddp|FEAT_DotProd)$/],
  ["I8MM", /^(?:i8mm|FEAT_I8MM)$/],
  ["SVE", /^sve$/],
];

/** The first processor's part of /proc/cpuinfo is shorter, in bytes. */
const cpuinfoBytes = 16_384;

/** Those of the {@linkcode features} that are among the flags a system prints. */
export function namedFeatures(flags: readonly string[]): string[] {
  const named = features.filter(([, flag]) => flags.some((one) => flag.test(one))).map(([name]) => name);
  // With AVX2 and without VNNI, 8-bit products can overflow: worth a word.
  return named.includes("AVX2") && !named.includes("VNNI") ? [...named, "no VNNI"] : named;
}

/** The flags in what Linux has in /proc/cpuinfo: x64 calls them `flags`, arm64 `Features`. */
export function linuxFlags(cpuinfo: string): string[] {
  return /^(?:flags|Features)\s*:\s*(.+)$/m.exec(cpuinfo)?.[1]?.split(/\s+/) ?? [];
}

/** The flags in what macOS prints for `sysctl hw.optional`: lines such as `hw.optional.avx2_0: 1`. */
export function macFlags(sysctl: string): string[] {
  return [...sysctl.matchAll(/^hw\.optional\.(?:arm\.)?(\w+): 1$/gm)].map((found) => found[1]!);
}

/** The features of this machine's processor on Linux, elsewhere none; Deno is not made to ask for a permission. */
export function linuxFeatures(): string[] {
  if (process.platform !== "linux" || !mayReadSystem()) return [];
  try {
    const file = openSync("/proc/cpuinfo", "r");
    try {
      const bytes = new Uint8Array(cpuinfoBytes);
      return namedFeatures(linuxFlags(new TextDecoder().decode(bytes.subarray(0, readSync(file, bytes)))));
    } finally {
      closeSync(file);
    }
  } catch {
    return [];
  }
}

/** The processor's model and features, for people: `AMD EPYC (SSE4.1, AVX2, FMA, no VNNI)`. */
export function describeProcessor(): string {
  const found = process.platform === "darwin" ? namedFeatures(macFlags(macOptional())) : linuxFeatures();
  return `${cpus()[0]?.model.trim() || "unknown processor"} (${found.length > 0 ? found.join(", ") : "features unknown"})`;
}

function macOptional(): string {
  try {
    return spawnSync("sysctl", ["hw.optional"], { encoding: "utf8" }).stdout ?? "";
  } catch {
    return "";
  }
}

/**
 * Whether files of the system, in /proc and /dev, may be read without a question to the user: always, but for Deno, which
 * wants all permissions for them.
 */
export function mayReadSystem(): boolean {
  return ["read", "write", "net", "env", "run", "sys", "ffi"].every((name) => isGranted({ name }));
}
