/** The processor's model and features, for reports and for stored measurements. Not for browsers. */
import { spawnSync } from "node:child_process";
import { closeSync, openSync, readSync } from "node:fs";
import { cpus } from "node:os";
import { isGranted } from "./runtime_name.ts";

/** Features that decide how fast and how exactly graphs run: their names here, and on Linux and macOS. */
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

/** Bytes to read of /proc/cpuinfo; the first processor's entry is shorter. */
const cpuinfoBytes = 16_384;

/** The {@linkcode features} that are among a system's flags. */
export function namedFeatures(flags: readonly string[]): string[] {
  const named = features.filter(([, flag]) => flags.some((one) => flag.test(one))).map(([name]) => name);
  // With AVX2 but without VNNI, 8-bit products can overflow, so the lack is mentioned.
  return named.includes("AVX2") && !named.includes("VNNI") ? [...named, "no VNNI"] : named;
}

/** The flags in Linux's /proc/cpuinfo: `flags` on x64, `Features` on arm64. */
export function linuxFlags(cpuinfo: string): string[] {
  return /^(?:flags|Features)\s*:\s*(.+)$/m.exec(cpuinfo)?.[1]?.split(/\s+/) ?? [];
}

/** The flags in the output of `sysctl hw.optional` on macOS: lines such as `hw.optional.avx2_0: 1`. */
export function macFlags(sysctl: string): string[] {
  return [...sysctl.matchAll(/^hw\.optional\.(?:arm\.)?(\w+): 1$/gm)].map((found) => found[1]!);
}

/** The features of this machine's processor on Linux; elsewhere none. Never makes Deno ask for a permission. */
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

/** The processor's model and features, for display: `AMD EPYC (SSE4.1, AVX2, FMA, no VNNI)`. */
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
 * Whether system files in /proc and /dev can be read without asking the user: always, except on Deno, which
 * requires all permissions for them.
 */
export function mayReadSystem(): boolean {
  return ["read", "write", "net", "env", "run", "sys", "ffi"].every((name) => isGranted({ name }));
}
