import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { programOutput } from "./program_output.ts";

/** A program of another language, with the clients that it uses, in a folder of its own. */
export interface ClientProgram extends Disposable {
  readonly folder: string;
  /** Why its clients are not here, if they are not. */
  readonly missing: string | undefined;
  /** What a command prints in the folder, after it has ended well. */
  outputOf(command: string, ...args: readonly string[]): Promise<string>;
}

/** A command and its arguments. */
type Command = readonly [command: string, ...args: string[]];

/**
 * Copies a program of `clients/`, and fetches its clients.
 *
 * @param language The name of its folder.
 * @param version A command that ends well if the language is installed.
 * @param fetching The command that fetches the clients from their registry.
 */
export function clientProgram(language: string, version: Command, fetching: Command): ClientProgram {
  const folder = mkdtempSync(join(tmpdir(), `edgecap-${language}-`));
  cpSync(fileURLToPath(new URL(`./clients/${language}/`, import.meta.url)), folder, { recursive: true });
  const env = { ...process.env, GOFLAGS: "-mod=readonly", GOTOOLCHAIN: "local" };
  const works = ([command, ...args]: Command) =>
    spawnSync(command, args, { cwd: folder, env, stdio: "ignore", timeout: 300_000 }).status === 0;
  const missing = () => {
    if (!works(version)) return `no ${version[0]} here`;
    return works(fetching) ? undefined : `${fetching[0]} fetches nothing`;
  };
  return {
    folder,
    missing: missing(),
    outputOf: (command, ...args) => programOutput(command, args, { cwd: folder, env }),
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** The photo that the programs send. */
export const clientPhoto = fileURLToPath(new URL("../../examples/coffee.jpg", import.meta.url));

/** What every client gets if it asks for a caption and tags. */
export const clientNouns = ["fire hydrant", "dog", "grass"];
