import { describe, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { tinyServer } from "./server/tiny_server.ts";
import { testUnless } from "./skip.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const read = (path: string) => readFileSync(join(root, path), "utf8");

/** Where a linter is: installed by scripts/check/setup_linters.sh, or on the PATH. */
function linter(name: string): string | undefined {
  const installed = join(root, ".cache/linters/bin", name);
  return existsSync(installed) ? installed : (Bun.which(name) ?? undefined);
}

function lint(name: string, ...args: string[]): { status: number | null; output: string } {
  const { status, stdout, stderr } = spawnSync(linter(name)!, args, { cwd: root, encoding: "utf8" });
  return { status, output: `${stdout}${stderr}` };
}

function testWith(name: string, title: string, work: () => void): void {
  testUnless(
    linter(name) === undefined ? `${name} is not installed (scripts/check/setup_linters.sh)` : undefined,
    title,
    work,
  );
}

describe("deploy/Containerfile", () => {
  testWith("hadolint", "passes hadolint", () => {
    expect(lint("hadolint", "deploy/Containerfile")).toEqual({ status: 0, output: "" });
  });

  test("runs as an unprivileged user, and contains only what the first stage gathered", () => {
    const last = read("deploy/Containerfile").split("\nFROM ").at(-1)!;
    expect(last).toStartWith("scratch\n");
    expect(last).toMatch(/^USER [1-9]\d*:[1-9]\d*$/m);
    expect(last.match(/^(?:COPY|ADD|RUN) .*$/gm)).toEqual(["COPY --from=files /files /"]);
  });
});

describe("deploy/kubernetes.yaml", () => {
  const documents = Bun.YAML.parse(read("deploy/kubernetes.yaml")) as { kind: string; spec: Record<string, unknown> }[];
  const pod = (documents.find(({ kind }) => kind === "Deployment")!.spec as unknown as Deployment).template.spec;
  const container = pod.containers[0]!;
  const flag = (name: string) => Number(container.args.find((arg) => arg.startsWith(`${name}=`))!.split("=")[1]);

  testWith("kubernetes-validate", "is valid for Kubernetes, from the oldest supported version on", () => {
    for (const version of ["1.30.0", "1.37.0"]) {
      const { status, output } = lint("kubernetes-validate", "--strict", "-k", version, "deploy/kubernetes.yaml");
      expect([version, status, output.match(/passed for resource/g)?.length]).toEqual([version, 0, documents.length]);
    }
  });

  testWith("kube-score", "passes kube-score", () => {
    const { status, output } = lint("kube-score", "score", "deploy/kubernetes.yaml", "--output-format", "ci");
    expect([status, output.split("\n").filter((line) => /^\[(?:CRITICAL|WARNING)\]/.test(line))]).toEqual([0, []]);
  });

  test("uses endpoints that the server has, and gives it the time to drain", async () => {
    await using tiny = await tinyServer();
    const { startupProbe, readinessProbe, livenessProbe, lifecycle, ports } = container;
    for (const probe of [startupProbe, readinessProbe, livenessProbe]) {
      expect((await fetch(`${tiny.url}${probe.httpGet.path}`)).status).toBe(200);
      expect(ports.map(({ name }) => name)).toContain(probe.httpGet.port);
    }
    expect([startupProbe.httpGet.path, livenessProbe.httpGet.path]).toEqual(["/readyz", "/healthz"]);
    expect(ports[0]!.containerPort).toBe(flag("--port"));
    expect(pod.terminationGracePeriodSeconds).toBeGreaterThan(lifecycle.preStop.sleep.seconds + flag("--drain"));
  });

  test("uses an image of this version, and names its registry", () => {
    const { version } = JSON.parse(read("package.json")) as { version: string };
    const [, registry, tag] = /^([^/]+)\/.+:(.+)$/.exec(container.image) ?? [];
    expect([registry?.includes("."), tag]).toEqual([true, version]);
    expect(read("docs/operate.md")).toContain(`\`${container.image.replace(`:${tag}`, "")}\``);
  });

  test("reads tokens from the Secret that docs/operate.md makes, if it is there", () => {
    const [, secret, key] = /kubectl create secret generic (\w+) --from-file=(\w+)/.exec(
      read("docs/operate.md").replaceAll(/\s+/g, " "),
    )!;
    expect(container.env).toEqual([
      { name: "EDGECAP_TOKENS", valueFrom: { secretKeyRef: { name: secret!, key: key!, optional: true } } },
    ]);
  });

  test("gives each worker a core, and the memory that docs/operate.md measured", () => {
    const { requests, limits } = container.resources;
    expect(Number(requests.cpu)).toBe(flag("--workers"));
    expect(Number.parseInt(limits.cpu, 10)).toBeGreaterThan(1000 * flag("--workers"));
    const row = read("docs/operate.md")
      .split("\n")
      .find((line) => line.startsWith(`| ${flag("--workers")} | `))!;
    const [, , , atWork, , peak] = row.split("|").map((cell) => Number(cell));
    expect(Number.parseInt(requests.memory, 10)).toBeGreaterThan(atWork!);
    // In MiB: the workers at their peak, and a queue full of the largest bodies.
    expect(Number.parseInt(limits.memory, 10)).toBeGreaterThan(peak! + flag("--queue") * flag("--body-limit"));
  });
});

describe("deploy/edgecap.service", () => {
  /** The unit with a program that exists on this machine, because `verify` checks that. */
  function unit(work: (path: string) => void): void {
    const folder = mkdtempSync(join(tmpdir(), "edgecap-unit-"));
    try {
      const path = join(folder, "edgecap.service");
      writeFileSync(path, read("deploy/edgecap.service").replace("/usr/local/bin/edgecap ", "/bin/true "));
      work(path);
    } finally {
      rmSync(folder, { recursive: true });
    }
  }

  testWith("systemd-analyze", "is a unit that systemd can load", () => {
    unit((path) => expect(lint("systemd-analyze", "verify", path)).toEqual({ status: 0, output: "" }));
  });

  testWith("systemd-analyze", "has an exposure of at most 1.5 of 10", () => {
    unit((path) => {
      const { status, output } = lint("systemd-analyze", "security", "--offline=true", "--threshold=15", path);
      expect([status, status === 0 ? "" : output]).toEqual([0, ""]);
    });
  });

  test("waits for longer than the server drains, and has as much memory as a pod", () => {
    const text = read("deploy/edgecap.service");
    const value = (pattern: RegExp) => Number(pattern.exec(text)?.[1]);
    expect(value(/^TimeoutStopSec=(\d+)$/m)).toBeGreaterThan(value(/--drain (\d+)/));
    const manifest = read("deploy/kubernetes.yaml");
    expect(manifest).toContain(`memory: ${value(/^MemoryMax=(\d+)M$/m)}Mi`);
    for (const name of ["--workers", "--drain", "--queue", "--body-limit"])
      expect(manifest).toContain(`${name}=${value(new RegExp(`${name} (\\d+)`))}`);
  });
});

describe("deploy/prometheus", () => {
  testWith("promtool", "has alerts that fire when they should, and only then", () => {
    for (const command of [
      ["check", "rules", "deploy/prometheus/alerts.yaml"],
      ["test", "rules", "deploy/prometheus/alerts_test.yaml"],
    ]) {
      const { status, output } = lint("promtool", ...command);
      expect([command, status, status === 0 ? "" : output]).toEqual([command, 0, ""]);
    }
  });

  test("only names metrics, routes and reasons that the server has", async () => {
    const rules = read("deploy/prometheus/alerts.yaml");
    await using tiny = await tinyServer();
    await fetch(`${tiny.url}/healthz`);
    await fetch(`${tiny.url}/readyz`);
    const metrics = await (await fetch(`${tiny.url}/metrics`)).text();
    const names = new Set(rules.match(/\b(?:edgecap|process)_[a-z_]+/g));
    expect(names.size).toBeGreaterThan(5);
    for (const name of names) expect([name, new RegExp(`^${name}[ {]`, "m").test(metrics)]).toEqual([name, true]);
    for (const route of ["/healthz", "/readyz"]) expect(metrics).toContain(`route="${route}"`);
  });
});

interface Probe {
  readonly httpGet: { readonly path: string; readonly port: string };
}

/** The part of the manifest that the tests read. */
interface Deployment {
  readonly template: {
    readonly spec: {
      readonly terminationGracePeriodSeconds: number;
      readonly containers: readonly {
        readonly image: string;
        readonly env: readonly unknown[];
        readonly args: readonly string[];
        readonly ports: readonly { readonly name: string; readonly containerPort: number }[];
        readonly resources: Record<"requests" | "limits", { readonly cpu: string; readonly memory: string }>;
        readonly startupProbe: Probe;
        readonly readinessProbe: Probe;
        readonly livenessProbe: Probe;
        readonly lifecycle: { readonly preStop: { readonly sleep: { readonly seconds: number } } };
      }[];
    };
  };
}
