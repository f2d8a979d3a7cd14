import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import fc from "fast-check";
import type { EdgecapError } from "../../src/errors.ts";
import { localPath, notPath } from "../../src/files/local_path.ts";
import { anyText } from "../any_text.ts";

describe("localPath()", () => {
  test("gives the path of any file address, and other text as it is", () => {
    const name = anyText({ minLength: 1, maxLength: 12 }).filter((text) => !/[\0/\\]|^\.+$/.test(text));
    fc.assert(
      fc.property(fc.array(name, { minLength: 1, maxLength: 3 }), (parts) => {
        const path = join("/", ...parts);
        expect(localPath(`file:///${parts.map(encodeURIComponent).join("/")}`)).toBe(path);
        expect(localPath(path)).toBe(path);
      }),
    );
    expect(localPath("file:/a/b%20c.jpg")).toBe("/a/b c.jpg");
    expect(localPath("file://localhost/a.jpg")).toBe("/a.jpg");
    for (const text of ["-", "a.jpg", "C:\\a.jpg", "file", "files/a.jpg", "http://a/b.jpg", ""])
      expect(localPath(text)).toBe(text);
  });

  test("gives a path or an EdgecapError, whatever follows file:", () => {
    fc.assert(
      fc.property(fc.constantFrom("file:/", "file:///", "FILE://a/"), anyText(), (start, rest) => {
        try {
          expect(typeof localPath(start + rest)).toBe("string");
        } catch (error) {
          expect((error as EdgecapError).code).toBe("file-unreadable");
        }
      }),
    );
  });
});

describe("notPath()", () => {
  test("says what to do with a text that is not a path", () => {
    const said = (text: string) => notPath(text)?.message ?? "a path";
    for (const text of ["http://x.example/a.jpg", "HTTPS://x.example/a.jpg"])
      expect(said(text)).toMatch(/is an address.*download it first.*curl .*\| edgecap caption -/);
    expect(said("s3://bucket/a.jpg")).toMatch(/is an address.*download it first\.$/);
    expect(said(`data:image/png;base64,${"A".repeat(9000)}`)).toMatch(/^"data:image.{150,200}\.\.\." is a data URL/);
    expect(said("")).toContain("is empty");
    for (const text of ["a.jpg", "http.jpg", "./http:a", "C:\\a.jpg", "data.jpg", "~/a.jpg"])
      expect(said(text)).toBe("a path");
  });
});
