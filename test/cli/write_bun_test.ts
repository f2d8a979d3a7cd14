import { expect, test } from "bun:test";
import { copyFileSync, existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { readJpeg } from "../../src/metadata/jpeg_segments.ts";
import { XmpPacket, xmpNames } from "../../src/metadata/xmp_packet.ts";
import { edgecap, inFolder, writeTinyBundle } from "./edgecap.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const coffee = join(root, "examples/coffee.jpg");
const alpha = join(root, "test/fixtures/images/alpha.png");

/** Pictures and a bundle in a folder. */
const withPictures = (work: (folder: string, bundle: readonly string[]) => Promise<void>) =>
  inFolder(async (folder) => {
    const bundle = await writeTinyBundle(join(folder, "tiny"));
    copyFileSync(coffee, join(folder, "a.jpg"));
    copyFileSync(alpha, join(folder, "b.png"));
    await work(folder, ["--bundle", bundle]);
  });

const xmpOf = (path: string) => {
  const { xmp } = readJpeg(readFileSync(path));
  return xmp && new XmpPacket(new TextDecoder("utf-8", { ignoreBOM: true }).decode(xmp));
};

test("edgecap caption --write puts the caption into pictures, and says so", () =>
  withPictures(async (folder, bundle) => {
    const args = ["caption", "a.jpg", "b.png", ...bundle];
    const dry = await edgecap([...args, "--write", "xmp", "--write", "exif", "--dry-run"], { cwd: folder });
    expect([dry.status, dry.stderr]).toEqual([0, expect.stringMatching(/^a\.jpg: would write dc:description "/)]);
    expect(dry.stderr).toContain(', ImageDescription "');
    expect(readFileSync(join(folder, "a.jpg"))).toEqual(readFileSync(coffee));
    const { status, stdout, stderr } = await edgecap([...args, "--write", "xmp,exif"], { cwd: folder });
    expect([status, stdout]).toEqual([0, dry.stdout]);
    const caption = /^a\.jpg: (.+)$/m.exec(stdout)![1]!;
    const written = caption.charAt(0).toUpperCase() + caption.slice(1);
    expect(stderr).toContain(`b.png: wrote dc:description ${JSON.stringify(written)}`);
    expect(xmpOf(join(folder, "a.jpg"))!.get(xmpNames.description).texts).toEqual([written, written]);
    expect(readFileSync(join(folder, "b.png"), "latin1")).toContain("XML:com.adobe.xmp");
    // The pixels are the same, and so is the caption: there is nothing to write.
    const again = await edgecap([...args, "--write", "xmp,exif"], { cwd: folder });
    expect([again.status, again.stdout, again.stderr]).toEqual([0, stdout, ""]);
  }));

test("edgecap caption --write keeps what a person wrote unless forced, and captions files that it cannot write into", () =>
  withPictures(async (folder, bundle) => {
    const packet = new XmpPacket(undefined);
    packet.set(xmpNames.description, ["Our coffee"]);
    const picture = readJpeg(readFileSync(coffee)).replace({ xmp: new TextEncoder().encode(packet.text) });
    writeFileSync(join(folder, "a.jpg"), picture);
    const args = ["caption", "a.jpg", "b.png", ...bundle, "--write", "iptc"];
    const left = await edgecap(args, { cwd: folder });
    expect(left.status).toBe(1);
    expect(left.stdout.trim().split("\n")).toHaveLength(2);
    expect(left.stderr).toContain('a.jpg: left what others wrote (--force replaces it): Caption-Abstract "dc:');
    expect(left.stderr).toContain("b.png: not written: The picture is a PNG");
    expect(Buffer.compare(readFileSync(join(folder, "a.jpg")), picture)).toBe(0);
    const forced = await edgecap([...args, "--force", "--no-mark", "--json"], { cwd: folder });
    const [first, second] = forced.stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(first.written).toMatchObject([
      { path: "a.jpg", fields: [{ field: "Caption-Abstract", outcome: "written" }] },
    ]);
    expect([second.writeError.code, typeof second.caption]).toEqual(["image-unsupported", "string"]);
    expect(readFileSync(join(folder, "a.jpg"), "latin1")).not.toContain("edgecap:wrote");
  }));

test("edgecap caption --write names sidecars as requested, and refuses what makes no sense", () =>
  withPictures(async (folder, bundle) => {
    const args = ["caption", "a.jpg", ...bundle];
    expect((await edgecap([...args, "--write", "xmp", "--sidecar", "adobe"], { cwd: folder })).status).toBe(0);
    expect(readFileSync(join(folder, "a.xmp"), "utf8")).toContain("<dc:description>");
    expect(readFileSync(join(folder, "a.jpg"))).toEqual(readFileSync(coffee));
    for (const wrong of [["--force"], ["--no-mark"], ["--dry-run"], ["--sidecar", "adobe"], ["--write", "xmp,pdf"]])
      expect([wrong, (await edgecap([...args, ...wrong], { cwd: folder })).status]).toEqual([wrong, 2]);
    const input = { cwd: folder, stdin: readFileSync(coffee) };
    expect((await edgecap(["caption", "-", ...bundle, "--write", "xmp"], input)).status).toBe(2);
  }));

test("edgecap watch --write fills all forms from one caption, and does not caption again", () =>
  withPictures(async (folder, bundle) => {
    const args = ["watch", ".", "--once", ...bundle, "--write"];
    const dry = await edgecap([...args, "json,html,xmp", "--dry-run"], { cwd: folder });
    expect(dry.stderr).toContain("would write dc:description");
    expect(readdirSync(folder).sort()).toEqual(["a.jpg", "b.png", "tiny"]);
    const { status, stdout } = await edgecap([...args, "json,html,xmp"], { cwd: folder });
    expect(status).toBe(0);
    const caption = /^a\.jpg: (.+)$/m.exec(stdout)![1]!;
    const written = caption.charAt(0).toUpperCase() + caption.slice(1);
    for (const [name, text] of [
      ["captions.json", JSON.stringify(caption)],
      ["index.html", `alt="${written}"`],
      ["a.jpg.xmp", `>${written}<`],
    ] as const)
      expect(readFileSync(join(folder, name), "utf8")).toContain(text);
    expect(readFileSync(join(folder, "a.jpg"))).toEqual(readFileSync(coffee));
    const more = await edgecap([...args, "xmp,exif", "--sidecar", "none"], { cwd: folder });
    expect([more.status, more.stdout]).toEqual([0, stdout]);
    expect(xmpOf(join(folder, "a.jpg"))!.get(xmpNames.altText).texts).toEqual([written, written]);
    // A change by edgecap itself does not count.
    const last = await edgecap([...args, "xmp,exif", "--sidecar", "none"], { cwd: folder });
    expect([last.status, last.stdout, last.stderr.includes("wrote")]).toEqual([0, "", false]);
    expect(existsSync(join(folder, ".edgecap.json"))).toBe(true);
  }));
