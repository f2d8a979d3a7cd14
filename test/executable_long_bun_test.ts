import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type SpawnOptions, spawn, spawnSync } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { compileEdgecap } from "../scripts/build/compile.ts";
import { load } from "../src/mod.ts";
import { writeTinyBundle } from "./cli/edgecap.ts";
import { noRedis, startRedis } from "./fixtures/redis_server.ts";
import { describeUnless, testUnless } from "./skip.ts";

/** bubblewrap's flags: no network, no other processes, nothing that can be written to, and an empty environment. */
const confined = [
  ...["--unshare-all", "--die-with-parent", "--clearenv", "--setenv", "PATH", "/usr/bin:/bin"],
  ...["--ro-bind", "/", "/", "--proc", "/proc", "--dev", "/dev", "--remount-ro", "/dev"],
];
/** The user `nobody`, if the test may choose the user. */
const nobody = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {};
const bubblewrap = Bun.which("bwrap") !== null && spawnSync("bwrap", [...confined, "true"], nobody).status === 0;
const noSandbox = bubblewrap ? undefined : "bubblewrap is not installed, or cannot make a sandbox";

const portrait = fileURLToPath(new URL("../examples/astronaut.jpg", import.meta.url));
let folder: string;
let options: SpawnOptions;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "edgecap-executable-"));
  compileEdgecap(join(folder, "edgecap"));
  mkdirSync(join(folder, "empty"));
  copyFileSync(portrait, join(folder, "photo.jpg"));
  for (const [path, mode] of [
    [".", 0o755],
    ["edgecap", 0o755],
    ["photo.jpg", 0o644],
    ["empty", 0o555],
  ] as const) {
    chmodSync(join(folder, path), mode);
  }
  // From an empty folder that cannot be written to, and without an environment.
  options = { cwd: join(folder, "empty"), env: {}, ...nobody };
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Outcome {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function run(...args: string[]): Promise<Outcome> {
  return runProgram(join(folder, "edgecap"), args);
}

/** Runs a program that cannot write to any file or reach any machine. */
function runConfined(program: string, ...args: string[]): Promise<Outcome> {
  return runProgram("bwrap", [...confined, program, ...args]);
}

async function runProgram(program: string, args: readonly string[]): Promise<Outcome> {
  const child = spawn(program, args, { ...options, stdio: ["ignore", "pipe", "pipe"] });
  const text = { stdout: "", stderr: "" };
  child.stdout!.on("data", (chunk: Buffer) => (text.stdout += chunk.toString()));
  child.stderr!.on("data", (chunk: Buffer) => (text.stderr += chunk.toString()));
  const status = await new Promise<number | null>((resolve) => child.on("close", resolve));
  return { status, ...text };
}

function linesOf(file: string): { image: string; caption: string }[] {
  return readFileSync(file, "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
}

describe("the executable", () => {
  test("captions with the bundle inside it, on one thread and on two", async () => {
    const one = await run("caption", "../photo.jpg");
    expect(one.stderr).toBe("");
    expect(one.stdout).toMatch(/\b(man|woman|person|people|girl|boy|child)\b/);
    expect(await run("caption", "--threads", "2", "../photo.jpg")).toEqual(one);
  });

  test("verifies the bundles inside it, and says what it is made of", async () => {
    const models = await run("models", "--json");
    expect([models.status, models.stderr]).toEqual([0, ""]);
    const names = models.stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line).name);
    expect(names).toEqual(["edgecap-attention", "edgecap-attention-fast"]);
    const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
    const said = (await run("--version")).stdout;
    expect(said).toStartWith(`edgecap ${version}, Bun ${Bun.version}, commit `);
    expect(said).toMatch(/, bundle [0-9a-f]{12}\n$/);
  });

  test("captions with the fast bundle inside it", async () => {
    await using captioner = await load({ bundle: "fast", backend: "wasm" });
    const { caption } = await captioner.caption(readFileSync(portrait));
    expect(await run("caption", "--bundle", "fast", "../photo.jpg")).toEqual({
      status: 0,
      stdout: `${caption}\n`,
      stderr: "",
    });
  });

  test("accepts another bundle instead of its own", async () => {
    const bundle = await writeTinyBundle(join(folder, "tiny"));
    const { name } = JSON.parse(readFileSync(join(bundle, "manifest.json"), "utf8"));
    expect(JSON.parse((await run("models", "--json", bundle)).stdout).name).toBe(name);
    await using captioner = await load({ bundle });
    const { caption } = await captioner.caption(readFileSync(portrait));
    expect(await run("caption", "--bundle", bundle, "../photo.jpg")).toEqual({
      status: 0,
      stdout: `${caption}\n`,
      stderr: "",
    });
  });

  /** A folder of photos, the tiny bundle, and a batch of the one by the other. */
  async function batchOf(name: string) {
    const tiny = await writeTinyBundle(join(folder, "tiny"));
    const photos = join(folder, name);
    mkdirSync(photos);
    chmodSync(photos, 0o777);
    for (const name of ["a.jpg", "b.jpg"]) copyFileSync(portrait, join(photos, name));
    const batch = (out: string, ...more: string[]) => run("batch", photos, "--out", join(photos, out), ...more);
    return { tiny, photos, batch };
  }

  test("captions a batch, and a folder that it watches", async () => {
    const { tiny, photos, batch } = await batchOf("photos");
    const alone = await batch("alone.jsonl", "--bundle", tiny);
    expect([
      alone.status,
      linesOf(join(photos, "alone.jsonl"))
        .map(({ image }) => image)
        .sort(),
    ]).toEqual([0, ["a.jpg", "b.jpg"].map((name) => join(photos, name))]);
    const watched = await run("watch", photos, "--write", "json", "--once", "--bundle", tiny);
    expect([watched.status, watched.stderr]).toEqual([0, ""]);
    expect(readFileSync(join(photos, "captions.json"), "utf8")).toContain('"b.jpg"');
  });

  testUnless(noRedis, "captions a batch over a queue with the same results as alone", async () => {
    const { tiny, photos, batch } = await batchOf("queued");
    expect((await batch("alone.jsonl", "--bundle", tiny)).status).toBe(0);
    await using redis = await startRedis(folder);
    const queue = ["--queue", redis.address];
    const worker = spawn(join(folder, "edgecap"), ["worker", "--workers", "1", "--bundle", tiny, ...queue], options);
    const ended = new Promise((resolve) => worker.on("close", resolve));
    expect((await batch("shared.jsonl", ...queue)).status).toBe(0);
    worker.kill();
    expect(await ended).toBe(0);
    const captions = (file: string) => linesOf(join(photos, file)).map(({ image, caption }) => `${image}: ${caption}`);
    expect(captions("shared.jsonl").sort()).toEqual(captions("alone.jsonl").sort());
  });

  test("prints the licences of what is inside it", async () => {
    const text = readFileSync(new URL("../THIRD_PARTY_LICENSES.txt", import.meta.url), "utf8");
    expect((await run("licences")).stdout).toBe(text);
  });

  test("serves captions from workers of its own, and its page", async () => {
    const child = spawn(join(folder, "edgecap"), ["serve", "--port", "0", "--workers", "1"], {
      ...options,
      stdio: ["ignore", "pipe", "ignore"],
    });
    try {
      const address = await new Promise<string>((resolve, reject) => {
        let text = "";
        child.stdout!.on("data", (chunk: Buffer) => {
          text += chunk.toString();
          const found = /http:\S+/.exec(text);
          if (found !== null) resolve(found[0]);
        });
        child.on("close", () => reject(new Error(`The server ended: ${text}`)));
      });
      const response = await fetch(`${address}/v1/captions`, {
        method: "POST",
        headers: { accept: "text/plain", "content-type": "image/jpeg" },
        body: readFileSync(portrait),
      });
      expect(response.status).toBe(200);
      expect((await response.text()).trim()).toBe((await run("caption", "../photo.jpg")).stdout.trim());
      expect((await (await fetch(address)).text()).toLowerCase()).toStartWith("<!doctype html>");
    } finally {
      const gone = new Promise((resolve) => child.on("close", resolve));
      child.kill();
      await gone;
    }
  });

  test("does not contain a path of the machine that built it", () => {
    const here = fileURLToPath(new URL("..", import.meta.url));
    expect(readFileSync(join(folder, "edgecap")).includes(here)).toBe(false);
  });

  test("contains neither tfjs nor the trainer", () => {
    const bytes = readFileSync(join(folder, "edgecap"));
    for (const needle of ["tfjs-core", "labelSmoothing", "onnxruntime_binding.node"]) {
      expect([needle, bytes.includes(needle)]).toEqual([needle, false]);
    }
  });
});

/** A shell script that starts the server, uses it and stops it: $1 starts edgecap, $2 is a photo. */
const life = `
  test "$(grep --count : /proc/net/dev)" = 1 || exit 91
  for file in here /tmp/there /dev/shm/there; do touch $file 2>/dev/null && exit 92; done
  eval "$1" serve --host 0.0.0.0 --port 3000 --workers 1 >&2 &
  for _ in $(seq 600); do
    eval "$1" healthcheck http://127.0.0.1:3000/readyz >/dev/null 2>&1 && break
    sleep 0.1
  done
  eval "$1" healthcheck http://127.0.0.1:3000/healthz
  curl --silent --fail --header "content-type: image/jpeg" --header "accept: text/plain" --data-binary "@$2" http://127.0.0.1:3000/v1/captions
  for process in /proc/[0-9]*; do
    test "$(cat $process/comm)" = edgecap && kill -TERM "\${process#/proc/}"
  done
  wait $!
  echo "ended with $?"
`;

describeUnless(noSandbox, "the executable, with nothing to write to and no network", () => {
  test("captions, verifies its bundle, runs doctor and scores captions", async () => {
    const photo = join(folder, "photo.jpg");
    const edgecap = join(folder, "edgecap");
    const captioned = await runConfined(edgecap, "caption", photo);
    expect(captioned).toEqual(await run("caption", photo));
    expect(captioned.status).toBe(0);

    const models = await runConfined(edgecap, "models", "--json");
    expect([models.status, models.stderr, JSON.parse(models.stdout.split("\n")[0]!).name]).toEqual([
      0,
      "",
      "edgecap-attention",
    ]);

    const doctor = await runConfined(edgecap, "doctor", "--json");
    const { backends, choice } = JSON.parse(doctor.stdout);
    expect([doctor.status, doctor.stderr]).toEqual([0, ""]);
    expect(["wasm", "rust"]).toContain(choice.backend);
    for (const wanted of ["wasm", "rust"])
      expect(backends.find(({ name }: { name: string }) => name === wanted).selfTest.passed).toBe(true);

    // The reference is what the model says, so every word is right.
    writeFileSync(join(folder, "captions.txt"), `image,caption\nphoto.jpg,${captioned.stdout.trim()} .\n`);
    const scored = await runConfined(
      edgecap,
      ...["evaluate", "--json", "--captions", join(folder, "captions.txt"), "--images", folder],
    );
    expect(scored.status).toBe(0);
    expect(JSON.parse(scored.stdout).bleu1).toBeCloseTo(1, 6);
  });

  test("serves, and shuts down as it should", async () => {
    const photo = join(folder, "photo.jpg");
    const server = await runConfined("bash", "-c", life, "life", join(folder, "edgecap"), photo);
    const { stdout } = await run("caption", photo);
    expect([server.stdout, server.status]).toEqual([
      `http://127.0.0.1:3000/healthz answers 200: {"status":"alive"}\n${stdout}ended with 0\n`,
      0,
    ]);
  });

  test("needs nothing of an operating system that the container lacks", async () => {
    // The files of the container, gathered by the commands of the Containerfile.
    const files = join(folder, "files");
    mkdirSync(join(files, "usr/local/bin"), { recursive: true });
    linkSync(join(folder, "edgecap"), join(files, "usr/local/bin/edgecap"));
    const containerfile = readFileSync(new URL("../deploy/Containerfile", import.meta.url), "utf8");
    const gather = /^RUN ((?:.*\\\n)*.*)$/m.exec(containerfile)![1]!;
    const gathered = spawnSync("bash", ["-eo", "pipefail", "-c", gather], { cwd: files, encoding: "utf8" });
    expect([gathered.status, gathered.stderr]).toEqual([0, ""]);
    // The container engine provides these two.
    for (const mount of ["proc", "dev"]) mkdirSync(join(files, mount));
    // As process 1 of a container, under its user's number.
    const [, user, group] = /^USER (\d+):(\d+)$/m.exec(containerfile)!;
    const start = `bwrap --unshare-user --unshare-pid --as-pid-1 --clearenv --ro-bind ${files} / --proc /proc --dev /dev --remount-ro /dev --uid ${user} --gid ${group} --chdir / /usr/local/bin/edgecap`;
    const photo = join(folder, "photo.jpg");
    const server = await runConfined("bash", "-c", life, "life", start, photo);
    const { stdout } = await run("caption", photo);
    expect([server.stdout, server.status]).toEqual([
      `http://127.0.0.1:3000/healthz answers 200: {"status":"alive"}\n${stdout}ended with 0\n`,
      0,
    ]);
  });
});
