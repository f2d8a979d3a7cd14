/** Environment variables as native libraries read them. Not for browsers. */
import { isMainThread } from "node:worker_threads";
import { EdgecapError } from "../errors.ts";
import { isGranted, runtimeName } from "./runtime_name.ts";

/** The part of Bun's module `bun:ffi` used here, which other runtimes lack. */
interface BunFfi {
  dlopen(
    library: string,
    functions: object,
  ): {
    readonly symbols: { setenv(name: Uint8Array, value: Uint8Array, overwrite: number): number };
    close(): void;
  };
}

/** Name of the C library, by system. */
const cLibraries: Readonly<Record<string, string>> = { linux: "libc.so.6", darwin: "libSystem.B.dylib" };

/**
 * Sets a variable so that C's `getenv` finds it, and in `process.env`.
 *
 * On Node and Deno `process.env` writes to the environment; Bun keeps a copy (except on Windows), so this calls the C
 * library.
 *
 * @throws {EdgecapError} `backend-unavailable` if it cannot be set: in a worker of Node, whose `process.env` is a
 *   copy, and on Deno without the permission, which is not requested.
 */
export async function setVariable(name: string, value: string): Promise<void> {
  const runtime = runtimeName();
  if (!isGranted({ name: "env", variable: name })) throw cannotSet(name, value, "Deno needs --allow-env to set it");
  const isCopy = runtime === "Node" && !isMainThread;
  // A value in the copy was already in the environment when the worker started.
  if (isCopy && process.env[name] === value) return;
  if (isCopy) throw cannotSet(name, value, "a worker of Node cannot set it");
  process.env[name] = value;
  if (runtime === "Bun" && process.platform !== "win32") await setInC(name, value);
}

/** A variable's value; `undefined` if it is not set or Deno may not read it. */
export function variable(name: string): string | undefined {
  return isGranted({ name: "env", variable: name }) ? process.env[name] : undefined;
}

async function setInC(name: string, value: string): Promise<void> {
  // Not a literal, because other runtimes and bundlers lack this module.
  const module: string = "bun:ffi";
  const text = (of: string) => new TextEncoder().encode(`${of}\0`);
  try {
    const { dlopen } = (await import(module)) as BunFfi;
    const library = dlopen(cLibraries[process.platform] ?? "libc.so", {
      setenv: { args: ["ptr", "ptr", "i32"], returns: "i32" },
    });
    const status = library.symbols.setenv(text(name), text(value), 1);
    library.close();
    if (status !== 0) throw new Error(`setenv gives ${status}`);
  } catch (cause) {
    throw cannotSet(name, value, "Bun cannot reach the C library here", cause);
  }
}

function cannotSet(name: string, value: string, why: string, cause?: unknown): EdgecapError {
  return new EdgecapError(
    "backend-unavailable",
    `${name}=${value} has to be in the environment before a native library loads, but ${why}: set it before you start the program.`,
    cause === undefined ? {} : { cause },
  );
}
