import { expect } from "bun:test";
import { type SpawnOptions, spawn } from "node:child_process";

/** What a program prints, after it has ended well. */
export async function programOutput(
  command: string,
  args: readonly string[],
  options: Pick<SpawnOptions, "cwd" | "env">,
): Promise<string> {
  const child = spawn(command, args, { ...options, stdio: ["ignore", "pipe", "inherit"] });
  let output = "";
  child.stdout!.on("data", (chunk) => {
    output += chunk;
  });
  expect(await new Promise((resolve) => child.on("close", resolve))).toBe(0);
  return output;
}
