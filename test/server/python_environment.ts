import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { programOutput } from "./program_output.ts";

/** A virtual environment of Python with packages of PyPI. */
export interface PythonEnvironment extends Disposable {
  /** Its folder, where programs run. */
  readonly folder: string;
  /** Why the packages are not here, if they are not. */
  readonly missing: string | undefined;
  /** What Python prints, after it has ended well. */
  outputOf(args: readonly string[]): Promise<string>;
}

/** Makes an environment. @param packages With their versions, as pip takes them. */
export function pythonWith(packages: readonly string[]): PythonEnvironment {
  const folder = mkdtempSync(join(tmpdir(), "edgecap-python-"));
  const python = join(folder, "bin/python");
  const install = () => {
    if (spawnSync("python3", ["-m", "venv", folder], { stdio: "ignore" }).status !== 0) return "python3 makes no venv";
    const pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", ...packages];
    if (spawnSync(python, pip, { stdio: "ignore", timeout: 300_000 }).status !== 0) return "pip installs nothing";
    return undefined;
  };
  return {
    folder,
    missing: install(),
    outputOf: (args) =>
      // LiteLLM would ask for its list of prices.
      programOutput(python, args, { cwd: folder, env: { ...process.env, LITELLM_LOCAL_MODEL_COST_MAP: "True" } }),
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}
