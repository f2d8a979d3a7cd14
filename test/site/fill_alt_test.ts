import { describe, expect, test } from "bun:test";
import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { EdgecapError } from "../../src/errors.ts";
import type { SiteCaption } from "../../src/site/captioned_pictures.ts";
import { mostDocumentBytes } from "../../src/site/document_text.ts";
import { type AltReport, type FillAltOptions, fillAlt } from "../../src/site/fill_alt.ts";

type Files = Readonly<Record<string, string | Uint8Array>>;

/** A site, and the result of filling it. */
interface Site {
  readonly folder: string;
  /** Fills it, with captions "a" and the picture's content. */
  fill(options?: Partial<FillAltOptions>): Promise<Filled>;
  text(name: string): string;
}

interface Filled {
  readonly reports: readonly AltReport[];
  readonly counts: Readonly<Record<string, number>>;
  readonly problems: readonly string[];
  readonly captioned: readonly string[];
  readonly difference: string;
}

async function onSite(files: Files, work: (site: Site) => Promise<void>): Promise<void> {
  const top = await mkdtemp(join(tmpdir(), "edgecap-site-"));
  const folder = join(top, "site");
  try {
    for (const [name, content] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), content);
    }
    const fill = async (options: Partial<FillAltOptions> = {}): Promise<Filled> => {
      const reports: AltReport[] = [];
      const problems: string[] = [];
      const captioned: string[] = [];
      let difference = "";
      const counts = await fillAlt({
        folder,
        write: true,
        caption: async (image): Promise<SiteCaption> => {
          const content = new TextDecoder().decode(image);
          captioned.push(content);
          if (content === "bad") throw new EdgecapError("image-corrupt", "It is broken.");
          return content === "fog" ? { caption: "", reason: "unsure", confidence: 0.1 } : { caption: `a ${content}` };
        },
        onProblem: ({ message }) => problems.push(message.replaceAll(top, "")),
        onChange: (_, bytes) => {
          difference += new TextDecoder().decode(bytes);
        },
        onPicture: (report) => reports.push(report),
        signal: new AbortController().signal,
        ...options,
      });
      return { reports, counts, problems, captioned, difference };
    };
    await work({ folder, fill, text: (name) => readFileSync(join(folder, name), "utf8") });
  } finally {
    await rm(top, { recursive: true });
  }
}

/** Outcome by address. */
const outcomes = ({ reports }: Filled) => Object.fromEntries(reports.map(({ source, outcome }) => [source, outcome]));

describe("fillAlt()", () => {
  test("fills what is missing, and then finds nothing to do", () =>
    onSite(
      {
        "index.html": "<img src=img/cat.jpg>\r\n<img alt='' src=img/cat.jpg>",
        "blog/post.MD": "# Post\n\n![](../img/dog.jpg) ![dog](../img/dog.jpg)\n\n<img src='/img/cat.jpg?v=2#x'>",
        "old.htm": '<img src="img/d%6Fg.jpg">',
        "img/cat.jpg": "cat",
        "img/dog.jpg": "dog",
      },
      async ({ fill, text }) => {
        const looked = await fill({ write: false });
        expect(text("index.html")).not.toContain("A cat");
        const filled = await fill();
        expect(filled.reports).toEqual(looked.reports);
        expect(filled.difference).toBe(looked.difference);
        expect(text("index.html")).toBe("<img src=img/cat.jpg alt=\"A cat\">\r\n<img alt='' src=img/cat.jpg>");
        expect(text("blog/post.MD")).toBe(
          "# Post\n\n![A dog](../img/dog.jpg) ![dog](../img/dog.jpg)\n\n<img src='/img/cat.jpg?v=2#x' alt=\"A cat\">",
        );
        expect(text("old.htm")).toBe('<img src="img/d%6Fg.jpg" alt="A dog">');
        expect(filled.captioned.toSorted()).toEqual(["cat", "dog"]);
        expect(filled.reports.find(({ outcome }) => outcome === "decorative")?.line).toBe(2);
        expect(filled.counts).toMatchObject({ filled: 4, present: 1, decorative: 1, missing: 0 });
        const again = await fill();
        expect([again.difference, again.captioned, again.counts["present"]]).toEqual(["", [], 5]);
      },
    ));

  test("captions the same bytes once, and pictures that fail once", () =>
    onSite(
      {
        "a.html": "<img src=1.jpg><img src=2.jpg><img src=b.svg><img src=b.svg>",
        "1.jpg": "cat",
        "2.jpg": "cat",
        "b.svg": "bad",
      },
      async ({ fill }) => {
        const filled = await fill();
        expect(filled.captioned).toEqual(["cat", "bad"]);
        expect(filled.counts).toMatchObject({ filled: 2, failed: 2 });
        expect(filled.reports[2]?.why).toBe("It is broken.");
      },
    ));

  test("writes nothing that is unsure", () =>
    onSite({ "a.html": "<img src=fog.jpg>", "fog.jpg": "fog" }, async ({ fill, text }) => {
      const filled = await fill();
      expect(filled.reports).toEqual([
        expect.objectContaining({ outcome: "unsure", confidence: 0.1, why: expect.stringContaining("0.10") }),
      ]);
      expect(text("a.html")).toBe("<img src=fog.jpg>");
    }));

  test("finds a picture as a browser does, and none outside the site", () =>
    onSite(
      {
        "deep/a.html": [
          ..."../../../x.jpg|..%2f..%2fsecret.jpg|%2e%2e/x.jpg|/../x.jpg|\\x.jpg|a b.jpg|a%20b.jpg| a b.jpg\t".split(
            "|",
          ),
          ..."%ff.jpg|100% real.jpg|x.jpg%00|/link.jpg|/inside.jpg|nope.jpg|http://[|/folder/|//host/x.jpg|data:image/png;base64,AA".split(
            "|",
          ),
          ..."HTTPS://host/x.jpg|file:///etc/passwd|".split("|"),
        ]
          .map((source) => `<img src="${source}">`)
          .join("\n"),
        "deep/a b.jpg": "spaced",
        "deep/100% real.jpg": "real",
        "x.jpg": "x",
        "folder/x.jpg": "x",
        "../secret.jpg": "secret",
      },
      async ({ folder, fill }) => {
        symlinkSync(join(folder, "../secret.jpg"), join(folder, "link.jpg"));
        symlinkSync("x.jpg", join(folder, "inside.jpg"));
        const filled = await fill();
        expect(outcomes(filled)).toEqual({
          "../../../x.jpg": "filled",
          "..%2f..%2fsecret.jpg": "missing",
          "%2e%2e/x.jpg": "filled",
          "100% real.jpg": "filled",
          "/../x.jpg": "filled",
          "\\x.jpg": "filled",
          "a b.jpg": "filled",
          "a%20b.jpg": "filled",
          " a b.jpg\t": "filled",
          "%ff.jpg": "missing",
          "x.jpg%00": "missing",
          "/link.jpg": "missing",
          "/inside.jpg": "filled",
          "nope.jpg": "missing",
          "http://[": "missing",
          "/folder/": "failed",
          "//host/x.jpg": "remote",
          "data:image/png;base64,AA": "remote",
          "HTTPS://host/x.jpg": "remote",
          "file:///etc/passwd": "remote",
          "": "sourceless",
        });
        expect(filled.captioned.toSorted()).toEqual(["real", "spaced", "x"]);
        expect(filled.reports.find(({ source }) => source === "/link.jpg")?.why).toBe("it is outside the site");
      },
    ));

  test("respects the base of a page", () =>
    onSite(
      {
        "a.html": "<base href='/img/'><img src=x.jpg>",
        "b.html": "<base href='https://cdn/'><img src=x.jpg>",
        "img/x.jpg": "x",
      },
      async ({ fill }) => {
        expect((await fill()).reports.map(({ document, outcome }) => [document, outcome])).toEqual([
          ["a.html", "filled"],
          ["b.html", "remote"],
        ]);
      },
    ));

  test("skips packages, hidden folders and links", () =>
    onSite(
      {
        "node_modules/p/README.md": "![](x.jpg)",
        ".git/a.html": "<img src=x.jpg>",
        "@eaDir/a.html": "<img src=x.jpg>",
        "notes.txt": "![](x.jpg)",
        "../outside/a.html": "<img src=x.jpg>",
      },
      async ({ folder, fill }) => {
        symlinkSync(join(folder, "../outside"), join(folder, "linked"));
        symlinkSync(join(folder, "../outside/a.html"), join(folder, "linked.html"));
        expect((await fill()).reports).toEqual([]);
        const all = await fill({ hidden: true });
        expect(all.reports.map(({ document }) => document)).toEqual([".git/a.html", "@eaDir/a.html"]);
      },
    ));

  test("keeps byte order marks, line ends, older encodings and permissions", () =>
    onSite(
      {
        "bom.html": "\ufeff<p>ü</p>\r\n<img src=x.jpg>\r",
        "latin.html": Uint8Array.from(
          [0xfc, ..."<img src=x.jpg>"].map((c) => (typeof c === "number" ? c : c.charCodeAt(0))),
        ),
        "x.jpg": "ü",
      },
      async ({ folder, fill, text }) => {
        chmodSync(join(folder, "bom.html"), 0o640);
        const { difference } = await fill();
        expect(text("bom.html")).toBe('\ufeff<p>ü</p>\r\n<img src=x.jpg alt="A &#252;">\r');
        expect(statSync(join(folder, "bom.html")).mode & 0o777).toBe(0o640);
        expect([...readFileSync(join(folder, "latin.html"))]).toEqual([
          0xfc,
          ...Buffer.from('<img src=x.jpg alt="A &#252;">'),
        ]);
        expect(difference).toContain("\n \ufeff<p>ü</p>\r\n-<img");
        expect(readdirSync(folder).toSorted()).toEqual(["bom.html", "latin.html", "x.jpg"]);
      },
    ));

  test("refuses by name what it cannot read, and continues", () =>
    onSite(
      {
        "a.html": Buffer.from("\ufeff<img src=x.jpg>", "utf16le"),
        "b.html": Buffer.from("<img src=x.jpg>", "utf16le"),
        "c.md": Uint8Array.of(0xfc, 0x0a),
        "d.html": "\x1b$B<img src=x.jpg>",
        "e.html": new Uint8Array(mostDocumentBytes + 1).fill(0x20),
        "f.html": "<img src=x.jpg>",
        "x.jpg": "x",
      },
      async ({ fill }) => {
        const { problems, counts } = await fill();
        expect(counts["filled"]).toBe(1);
        expect(problems).toEqual([
          '"/site/a.html" is in UTF-16, so it was left unchanged: save it as UTF-8 first.',
          expect.stringContaining('"/site/b.html" is in UTF-16 or UTF-32, or not text'),
          expect.stringContaining('"/site/c.md" is not in UTF-8'),
          expect.stringContaining('"/site/d.html" is in ISO-2022'),
          expect.stringContaining('Cannot read "/site/e.html": it is larger than 8 MiB'),
        ]);
      },
    ));

  test("does not write a document that changes in the meantime", () =>
    onSite({ "a.html": "<img src=x.jpg>", "x.jpg": "x" }, async ({ folder, fill, text }) => {
      const { problems, reports } = await fill({
        caption: async () => {
          writeFileSync(join(folder, "a.html"), "<img src=x.jpg> more");
          return { caption: "a cat" };
        },
      });
      expect(problems).toEqual([expect.stringMatching(/a\.html" changed while .*: run the command again\.$/)]);
      expect(reports).toEqual([]);
      expect(text("a.html")).toBe("<img src=x.jpg> more");
    }));

  test("ends if it is aborted, or if captioning cannot continue", () =>
    onSite(
      { "a.html": "<img src=x.jpg>", "b.html": "<img src=y.jpg>", "x.jpg": "x", "y.jpg": "y" },
      async ({ fill, text }) => {
        const controller = new AbortController();
        const reason = new EdgecapError("aborted", "Enough.");
        const run = fill({ signal: controller.signal, onPicture: () => controller.abort(reason) });
        expect(await run.catch((error: unknown) => error)).toBe(reason);
        expect([text("a.html"), text("b.html")]).toEqual(['<img src=x.jpg alt="A x">', "<img src=y.jpg>"]);
        const lost = new EdgecapError("bundle-missing", "No bundle.");
        expect(await fill({ caption: () => Promise.reject(lost) }).catch((error: unknown) => error)).toBe(lost);
      },
    ));

  test("needs a folder", () =>
    onSite({ "a.html": "" }, async ({ folder, fill }) => {
      const [missing, file] = [join(folder, "nope"), join(folder, "a.html")];
      for (const [wrong, message] of [
        [missing, `The folder "${missing}" does not exist: give another one.`],
        [file, `"${file}" is not a folder: give the folder that contains it.`],
      ] as const) {
        const error = await fill({ folder: wrong }).catch((thrown: unknown) => thrown);
        expect(error).toMatchObject({ code: "file-unreadable", message });
      }
    }));
});
