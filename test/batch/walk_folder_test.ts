import { describe, expect, test } from "bun:test";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import fc from "fast-check";
import { isHidden } from "../../src/batch/image_names.ts";
import { walkFolder } from "../../src/batch/walk_folder.ts";

/** A folder with these files and links (`name -> target`), and what a walk of it gives. */
async function walked(
  entries: readonly string[],
  options: { hidden?: boolean; from?: string } = {},
): Promise<{ found: string[]; problems: string[]; linked: string[] }> {
  const base = await mkdtemp(join(tmpdir(), "edgecap-walk-"));
  try {
    for (const entry of entries) {
      const [name, target] = entry.split(" -> ") as [string, string?];
      await mkdir(dirname(join(base, name)), { recursive: true });
      if (target === undefined) await writeFile(join(base, name), "");
      else await symlink(target, join(base, name));
    }
    const problems: string[] = [];
    const linked: string[] = [];
    const folder = join(base, options.from ?? "photos");
    const found: string[] = [];
    const walk = walkFolder(folder, {
      hidden: options.hidden ?? false,
      onProblem: ({ code, message }) => problems.push(`${code}: ${message.replaceAll(`${folder}/`, "")}`),
      onLinkedFolder: (link) => linked.push(relative(folder, link)),
    });
    for await (const path of walk) found.push(relative(folder, path));
    return { found: found.sort(), problems, linked };
  } finally {
    await rm(base, { recursive: true });
  }
}

describe("walkFolder()", () => {
  test("knows pictures by their names", async () => {
    const names = ["a.jpg", "b.JPEG", "c.jpe", "d.JFIF", "e.png", "f.webp", "g.gif", "h.bmp"];
    const { found } = await walked([...names, "i.tiff", "j.txt", "jpg", "k.jpg.xmp"].map((name) => `photos/${name}`));
    expect(found).toEqual(names);
  });

  test("skips hidden and system files and folders by default", async () => {
    const hidden = [
      ...[".Trash-1000/files/a.jpg", ".stversions/a.jpg", "sub/.thumbnails/a.jpg", "@eaDir/a.jpg/b.jpg"],
      ...["__MACOSX/a.jpg", "._a.jpg", ".a.jpg", "$RECYCLE.BIN/S-1/a.jpg", "System Volume Information/a.jpg"],
      ...[".git/a.jpg", "#recycle/a.jpg", "sub/@Recycle/a.jpg", "FOUND.000/a.jpg", "RECYCLER/a.jpg"],
    ];
    const entries = [...hidden, "a.jpg", "sub/b.jpg", "eaDir/c.jpg"].map((name) => `photos/${name}`);
    expect((await walked(entries)).found).toEqual(["a.jpg", "eaDir/c.jpg", "sub/b.jpg"]);
    expect((await walked(entries, { hidden: true })).found.length).toBe(entries.length);
    // A folder that is named explicitly is always read.
    expect((await walked(["photos/.git/a.jpg"], { from: "photos/.git" })).found).toEqual(["a.jpg"]);
  });

  test("walks each folder once, by its own path or by the first of its links", async () => {
    const { found, problems, linked } = await walked([
      ...["photos/z/a.jpg", "photos/a-link -> z", "photos/outside -> ../other", "photos/again -> ../other/"],
      ...["other/b.jpg", "other/deep/c.jpg", "other/back -> ../photos", "photos/file.jpg -> ../other/b.jpg"],
    ]);
    expect(found).toEqual(["again/b.jpg", "again/deep/c.jpg", "file.jpg", "z/a.jpg"]);
    expect([problems, linked]).toEqual([[], ["again"]]);
  });

  test("reports links that lead in a circle, and continues", async () => {
    const { found, problems } = await walked([
      ...["photos/a.jpg", "photos/self -> self", "photos/sub/up -> ..", "photos/here -> .", "photos/sub/b.jpg"],
      ...["photos/x.jpg -> y.jpg", "photos/y.jpg -> x.jpg", "photos/gone -> nowhere", "photos/gone.jpg -> nowhere"],
    ]);
    // A missing picture is reported when it is read.
    expect(found).toEqual(["a.jpg", "gone.jpg", "sub/b.jpg"]);
    expect(problems.sort()).toEqual([
      'file-unreadable: Cannot read "self": it is a link that leads back to itself.',
      'file-unreadable: Cannot read "x.jpg": it is a link that leads back to itself.',
      'file-unreadable: Cannot read "y.jpg": it is a link that leads back to itself.',
      'file-unreadable: The link "here" leads back to a folder that contains it, so it was skipped.',
      'file-unreadable: The link "sub/up" leads back to a folder that contains it, so it was skipped.',
    ]);
  });

  test("ends with any links, and names each picture once", async () => {
    const folders = ["a", "b", "c", "d"];
    const links = folders.flatMap((from) => folders.map((to) => [from, to] as const));
    await fc.assert(
      fc.asyncProperty(fc.subarray(links), async (chosen) => {
        const entries = folders.map((name) => `${name}/${name}.jpg`);
        for (const [from, to] of chosen) entries.push(`${from}/to-${to} -> ../${to}`);
        const { found } = await walked(entries, { from: "a" });
        const names = found.map((path) => path.split("/").at(-1)!);
        const reached = new Set(["a"]);
        for (const name of reached) for (const [from, to] of chosen) if (from === name) reached.add(to);
        expect(names.sort()).toEqual([...reached].map((name) => `${name}.jpg`).sort());
      }),
      { numRuns: 60 },
    );
  });

  test("a name that is not UTF-8 is reported, because two such names could become equal", async () => {
    const { found, problems } = await walked(["photos/a\ufffd.jpg", "photos/\ufffd/b.jpg", "photos/c.jpg"]);
    expect(found).toEqual(["c.jpg"]);
    expect(problems.length).toBe(2);
    expect(problems[0]).toContain("its name is not UTF-8");
  });
});

test("isHidden() asks about names, not parts of them", () => {
  for (const name of ["a.jpg", "a.b", "eaDir", "MACOSX", "recycle", "lost+found", "found.jpg", ".", ".."]) {
    expect([name, isHidden(name)]).toEqual([name, false]);
  }
});
