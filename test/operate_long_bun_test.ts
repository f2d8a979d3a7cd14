import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { spawn, spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { edgecap, writeTinyBundle } from "./cli/edgecap.ts";
import { codeBlocks } from "./code_blocks.ts";
import { type TinyServer, tinyServer } from "./server/tiny_server.ts";
import { testUnless } from "./skip.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const page = readFileSync(join(root, "docs/operate.md"), "utf8");
const blocks = (language: string) => codeBlocks(page, language);

/** Stand-ins for programs that the document's commands start; each writes down its arguments. */
const outside = ["bun", "docker", "sudo", "kubectl"];

let folder: string;
let tiny: TinyServer;
let bundle: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "edgecap-operate-"));
  for (const name of outside) {
    writeFileSync(join(folder, name), `#!/bin/sh\nprintf '%s\\n' "${name} $*" >> "$RECORD"\n`);
    chmodSync(join(folder, name), 0o755);
  }
  tiny = await tinyServer();
  bundle = await writeTinyBundle(join(folder, "tiny"));
});

afterAll(async () => {
  await tiny[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

/** The other programs that a block of the document starts, after a check that the block runs to its end. */
async function started(block: string): Promise<string[]> {
  const record = join(folder, "record");
  writeFileSync(record, "");
  const env = { ...process.env, PATH: `${folder}:${process.env["PATH"]}`, RECORD: record, EDGECAP: tiny.url };
  const child = spawn("bash", ["-euo", "pipefail", "-c", block], { cwd: root, env });
  let output = "";
  child.stdout.on("data", (chunk) => {
    output += chunk;
  });
  const status = await new Promise((resolve) => child.on("close", resolve));
  expect([block, status]).toEqual([block, 0]);
  const commands = readFileSync(record, "utf8").split("\n").filter(Boolean);
  expect(output.length + commands.length).toBeGreaterThan(0);
  return commands;
}

/** Starts the server with the arguments after "serve", and stops it as soon as it listens. */
async function serves(flags: string): Promise<void> {
  const { status, stderr } = await edgecap(["serve", ...flags.trim().split(/\s+/), "--port", "0", "--bundle", bundle], {
    watch: (_, child) => child.kill("SIGTERM"),
  });
  expect([flags, status, status === 0 ? "" : stderr]).toEqual([flags, 0, ""]);
}

describe("docs/operate.md", () => {
  test("has commands that work, for files that exist", async () => {
    const commands: string[] = [];
    for (const block of blocks("sh")) commands.push(...(await started(block)));
    for (const name of outside) expect(commands.some((command) => command.startsWith(`${name} `))).toBe(true);
    const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
    for (const command of commands) {
      const script = /^bun run (\S+)/.exec(command)?.[1];
      if (script !== undefined) expect(scripts).toHaveProperty(script);
      for (const [file] of command.matchAll(/\bdeploy\/[\w./]+/g))
        expect([file, existsSync(join(root, file))]).toEqual([file, true]);
    }
  });

  test("and the files of deploy/ start the server with flags that it has", async () => {
    const commands = [page, readFileSync(join(root, "deploy/edgecap.service"), "utf8")].join("\n");
    const flags = [...commands.matchAll(/edgecap serve ((?:--\S+(?: [^-\s]\S*)?[ \n]*)+)$/gm)].map(
      (found) => found[1]!,
    );
    const containerfile = readFileSync(join(root, "deploy/Containerfile"), "utf8");
    const [serve, ...rest] = JSON.parse(/^CMD (.*)$/m.exec(containerfile)![1]!);
    expect([serve, flags.length]).toEqual(["serve", 3]);
    const tokens = join(folder, "tokens");
    writeFileSync(tokens, "a-token\n");
    for (const line of [...flags, rest.join(" ")]) await serves(line.replace("%d/tokens", tokens));
  });

  const noSystemd = Bun.which("systemd-analyze") === null ? "systemd is not installed" : undefined;
  testUnless(noSystemd, "has a drop-in that systemd takes", () => {
    const units = join(folder, "units");
    mkdirSync(join(units, "edgecap.service.d"), { recursive: true });
    const program = (text: string) => text.replaceAll("/usr/local/bin/edgecap ", "/bin/true ");
    writeFileSync(join(units, "edgecap.service"), program(readFileSync(join(root, "deploy/edgecap.service"), "utf8")));
    const [dropIn, ...more] = blocks("ini");
    expect(more).toEqual([]);
    writeFileSync(join(units, "edgecap.service.d/override.conf"), program(dropIn!));
    const { status, stderr } = spawnSync("systemd-analyze", ["verify", join(units, "edgecap.service")], {
      encoding: "utf8",
    });
    expect([status, stderr]).toEqual([0, ""]);
  });

  const promtool = join(root, ".cache/linters/bin/promtool");
  const noPromtool = existsSync(promtool) ? undefined : "promtool is not installed (scripts/check/setup_linters.sh)";
  testUnless(noPromtool, "has a scrape that Prometheus takes", () => {
    const [scrape, ...more] = blocks("yaml");
    expect(more).toEqual([]);
    const path = join(folder, "prometheus.yml");
    writeFileSync(path, scrape!);
    const { status, stdout, stderr } = spawnSync(promtool, ["check", "config", path], { encoding: "utf8" });
    expect([status, status === 0 ? "" : stdout + stderr]).toEqual([0, ""]);
  });

  test("names every alert", () => {
    const rules = readFileSync(join(root, "deploy/prometheus/alerts.yaml"), "utf8");
    const alerts = [...rules.matchAll(/- alert: (\w+)/g)].map((found) => found[1]!);
    expect(alerts.length).toBeGreaterThan(5);
    for (const alert of alerts) expect(page).toContain(`\`${alert}\``);
  });
});
