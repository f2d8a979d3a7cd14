import { expect, test } from "bun:test";
import { copyFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { edgecap, inFolder, start, writeTinyBundle } from "./edgecap.ts";

const coffee = fileURLToPath(new URL("../../examples/coffee.jpg", import.meta.url));

test("edgecap watch follows a folder until Ctrl-C", () =>
  inFolder(async (folder) => {
    const bundle = await writeTinyBundle(join(folder, "tiny"));
    copyFileSync(coffee, join(folder, "first.jpg"));
    const run = start(["watch", ".", "--write", "xmp", "--bundle", bundle], { cwd: folder });
    const until = async (holds: () => boolean) => {
      while (!holds()) {
        if (run.child.exitCode !== null) throw new Error(run.output());
        await Bun.sleep(20);
      }
    };
    await until(() => run.output().includes("Ctrl-C ends"));
    expect(existsSync(join(folder, "first.jpg.xmp"))).toBe(true);
    copyFileSync(coffee, join(folder, "second.jpg"));
    await until(() => existsSync(join(folder, "second.jpg.xmp")));
    run.child.kill("SIGINT");
    expect((await run.ended).status).toBe(0);
  }));

test("edgecap watch --once says which pictures have no caption", () =>
  inFolder(async (folder) => {
    const bundle = await writeTinyBundle(join(folder, "tiny"));
    copyFileSync(coffee, join(folder, "good.jpg"));
    writeFileSync(join(folder, "bad.jpg"), "no picture");
    const args = ["watch", ".", "--write", "json", "--once", "--bundle", bundle];
    const { status, stdout } = await edgecap(args, { cwd: folder });
    expect(status).toBe(1);
    expect(stdout).toMatch(/^bad\.jpg: no caption: The picture cannot be read/m);
    const caption = /^good\.jpg: (.+)$/m.exec(stdout)![1]!;
    const { images } = JSON.parse(readFileSync(join(folder, "captions.json"), "utf8"));
    expect(images["good.jpg"].caption).toBe(caption);
    expect(images["bad.jpg"].error.code).toBe("image-unsupported");
    expect((await edgecap([...args.slice(0, 3), "pdf"], { cwd: folder })).status).toBe(2);
  }));
