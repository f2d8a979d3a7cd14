import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { unzipSync } from "fflate";
import { csvOf, linesOf } from "../../../../src/server/page/client/export/csv.ts";
import { jsonOf, type Row, rowsOf } from "../../../../src/server/page/client/export/rows.ts";
import { zipOfSidecars } from "../../../../src/server/page/client/export/sidecars.ts";
import { crc32, zipOf } from "../../../../src/server/page/client/export/zip.ts";
import { Problem } from "../../../../src/server/page/client/problem.ts";
import { anyText } from "../../../any_text.ts";
import { captionOf, photoOf } from "./photos.ts";

const row = (image: string, caption: string, more: Partial<Row> = {}): Row => ({
  ...{ image, caption, edited: false, state: "done", concepts: [], ...more },
});

const anyRow = fc.record({
  image: anyText(),
  caption: anyText(),
  edited: fc.boolean(),
  state: fc.constantFrom("done" as const, "failed" as const),
  concepts: fc.array(fc.string()),
});

/** Cells of RFC 4180, read letter by letter. */
function cellsOf(csv: string): string[][] {
  const lines: string[][] = [];
  let at = 0;
  while (at < csv.length) {
    const line: string[] = [];
    for (;;) {
      expect(csv[at]).toBe('"');
      let cell = "";
      for (at++; !(csv[at] === '"' && csv[at + 1] !== '"'); at++) {
        if (csv[at] === '"') at++;
        cell += csv[at];
      }
      line.push(cell);
      at++;
      if (csv[at] !== ",") break;
      at++;
    }
    expect(csv.slice(at, at + 2)).toBe("\r\n");
    at += 2;
    lines.push(line);
  }
  return lines;
}

describe("rowsOf()", () => {
  test("takes the edited text, and keeps the model's beside it", () => {
    const [done, edited, failed, waiting] = ["a.jpg", "trip/b.jpg", "c.heic", "d.jpg"].map(photoOf);
    done!.caption = captionOf("a cup", { confidence: 0.61234, concepts: [{ name: "cup", probability: 0.9 }] });
    edited!.caption = captionOf("a cat");
    edited!.edited = "Our cat";
    failed!.problem = new Problem("format-unreadable", "HEIC");
    const rows = rowsOf([done!, edited!, failed!, waiting!], () => "cannot be read");
    expect(JSON.parse(jsonOf(rows))).toEqual([
      { image: "a.jpg", caption: "a cup", edited: false, state: "done", confidence: 0.612, concepts: ["cup"] },
      { image: "trip/b.jpg", caption: "Our cat", edited: true, modelCaption: "a cat", state: "done", concepts: [] },
      { image: "c.heic", caption: "", edited: false, state: "failed", concepts: [], error: "cannot be read" },
      { image: "d.jpg", caption: "", edited: false, state: "waiting", concepts: [] },
    ]);
  });
});

describe("csvOf()", () => {
  test("gives back every text", () => {
    fc.assert(
      fc.property(fc.array(anyRow), (rows) => {
        const csv = csvOf(rows);
        expect(csv.startsWith("\ufeff")).toBe(true);
        const [head, ...lines] = cellsOf(csv.slice(1));
        expect(head!.slice(0, 3)).toEqual(["image", "caption", "edited"]);
        const unguarded = (cell: string) => cell.replace(/^'(?=[\t\r\n]|\s*[=+\-@＝＋－＠])/, "");
        expect(lines.map(([image, caption]) => [unguarded(image!), unguarded(caption!)])).toEqual(
          rows.map(({ image, caption }) => [unguarded(image), unguarded(caption)]),
        );
      }),
    );
  });

  test("never gives a spreadsheet a formula", () => {
    for (const evil of ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "  =cmd|' /C calc'!A0", "＝1"]) {
      const csv = csvOf([row(evil, evil, { edited: true, concepts: [evil] })]);
      const cells = cellsOf(csv.slice(1))[1]!;
      expect([evil, cells.filter((cell) => /^(?:[\t\r\n]|\s*[=+\-@＝])/.test(cell))]).toEqual([evil, []]);
      expect(
        linesOf([row(evil, evil)])
          .split("\t")
          .filter((cell) => /^\s*[=+\-@＝]/.test(cell)),
      ).toEqual([]);
    }
  });
});

test("linesOf() gives a line for each photo, whatever is in its text", () => {
  fc.assert(
    fc.property(fc.array(anyRow, { minLength: 1 }), (rows) => {
      const lines = linesOf(rows).split("\n");
      expect(lines.length).toBe(rows.length);
      expect(lines.every((line) => line.split("\t").length === 2)).toBe(true);
    }),
  );
});

describe("zipOf()", () => {
  test("is read back by another implementation", () => {
    const path = fc.string({ minLength: 1 }).filter((name) => name.isWellFormed() && name !== "__proto__");
    const files = fc.dictionary(path, fc.string({ unit: "grapheme" }));
    fc.assert(
      fc.property(files, (texts) => {
        const unzipped = unzipSync(zipOf(new Map(Object.entries(texts))));
        const read = Object.entries(unzipped).map(([name, bytes]) => [
          name,
          new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes),
        ]);
        expect(read).toEqual(Object.entries(texts));
      }),
    );
  });

  test("has the checksum that the format asks for", () => {
    // The check value of CRC-32 in the catalogue of parametrised CRC algorithms.
    expect(crc32(new TextEncoder().encode("123456789"))).toBe(0xcbf43926);
  });

  test("refuses what the format cannot count", () => {
    const many = new Map(Array.from({ length: 0x10000 }, (_, i) => [String(i), ""]));
    expect(() => zipOf(many)).toThrow("65535");
  });
});

describe("zipOfSidecars()", () => {
  const read = (rows: readonly Row[]) =>
    new Map(
      Object.entries(unzipSync(zipOfSidecars(rows))).map(([name, bytes]) => [name, new TextDecoder().decode(bytes)]),
    );

  test("has a sidecar for every photo with a text, in its folder", () => {
    const files = read([
      row("trip/a.jpg", "a cup & a <spoon>", { concepts: ["cup"] }),
      row("b.jpg", "iPhone on a table", { edited: true }),
      row("c.jpg", "  "),
      row("b.jpg", "another"),
    ]);
    expect([...files.keys()]).toEqual(["trip/a.jpg.xmp", "b.jpg.xmp", "b.jpg (2).xmp"]);
    expect(files.get("trip/a.jpg.xmp")).toContain('<rdf:li xml:lang="en">A cup &amp; a &lt;spoon&gt;</rdf:li>');
    expect(files.get("trip/a.jpg.xmp")).toContain("<dc:subject><rdf:Bag><rdf:li>cup</rdf:li></rdf:Bag></dc:subject>");
    expect(files.get("b.jpg.xmp")).toContain(">iPhone on a table<");
    expect(files.get("b.jpg.xmp")).not.toContain("dc:subject");
  });

  test("stays inside the folder in which it is unpacked", () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom("..", ".", "", "a", "C:", "\0", "con\n", "\\"), { minLength: 1 }),
        (parts) => {
          for (const image of [parts.join("/"), parts.join("\\")]) {
            for (const name of read([row(image, "a cup")]).keys()) {
              expect(name.startsWith("/") || name.includes("\\") || name.includes(":")).toBe(false);
              expect(name.split("/").some((part) => part === ".." || part === "." || part === "")).toBe(false);
            }
          }
        },
      ),
    );
  });

  test("writes XML whatever the text is", () => {
    fc.assert(
      fc.property(anyText({ minLength: 1 }), (text) => {
        for (const xml of read([row("a.jpg", text, { edited: true, concepts: [text] })]).values()) {
          const inside = /<rdf:li xml:lang="en">([\s\S]*?)<\/rdf:li>/.exec(xml)![1]!;
          expect(inside).not.toMatch(/[<"']|&(?!#?\w+;)/);
        }
      }),
    );
  });
});
