/** The files that the page lets people download. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { unzipSync } from "fflate";
import type { Browser, Page } from "playwright-core";
import { sureBundleFiles } from "../../fixtures/sure_bundle.ts";
import { describeUnless } from "../../skip.ts";
import { noChromium, openTab, startChromium } from "./chromium.ts";
import { choose, type Served, serve, settled } from "./page_user.ts";

const coffee = readFileSync(new URL("../../../examples/coffee.jpg", import.meta.url));

describeUnless(noChromium, "downloads of the page in Chromium", () => {
  let browser: Browser;
  let server: Served;

  beforeAll(async () => {
    const bundle = await sureBundleFiles({ confidence: 0.2, concepts: { cup: 0.9, "hot dog": 0.55 } });
    server = await serve({ bundle });
    browser = await startChromium();
  });

  afterAll(async () => {
    await browser.close();
    await server[Symbol.asyncDispose]();
  });

  async function downloaded(page: Page, button: string): Promise<{ name: string; bytes: Buffer }> {
    const waiting = page.waitForEvent("download");
    await page.getByRole("button", { name: button, exact: true }).click();
    const download = await waiting;
    return { name: download.suggestedFilename(), bytes: readFileSync(await download.path()) };
  }

  test("hold the edited texts, with what is known about each photo", async () => {
    await using tab = await openTab(browser, server.address);
    const { page } = tab;
    await choose(page, [
      { name: "a.jpg", mimeType: "image/jpeg", buffer: coffee },
      { name: "=b.jpg", mimeType: "image/jpeg", buffer: coffee },
      { name: "c.heic", mimeType: "", buffer: Buffer.from("none") },
    ]);
    expect(await settled(page)).toBe("3 of 3 done · 1 failed · 2 to check");
    const text = page.getByRole("textbox", { name: "Caption of a.jpg" });
    const model = await text.inputValue();
    await text.fill('An "espresso", hot');
    expect(await page.locator("#progress-text").textContent()).toBe("3 of 3 done · 1 failed · 1 to check");

    const csv = await downloaded(page, "CSV");
    expect(csv.name).toBe("captions.csv");
    const lines = csv.bytes.toString("utf8").split("\r\n");
    expect(lines[0]).toBe('\ufeff"image","caption","edited","modelCaption","state","confidence","concepts","error"');
    expect(lines).toContain(`"a.jpg","An ""espresso"", hot","true","${model}","done","0.2","cup; hot dog",""`);
    expect(lines.filter((line) => line.startsWith(`"'=b.jpg","${model}","false","","unsure","0.2"`)).length).toBe(1);
    expect(lines.filter((line) => line.startsWith('"c.heic","","false","","failed"')).length).toBe(1);

    const json = await downloaded(page, "JSON");
    expect(json.name).toBe("captions.json");
    const rows = JSON.parse(json.bytes.toString("utf8")) as { image: string; caption: string; error?: string }[];
    expect(rows.map(({ image, caption }) => [image, caption]).sort()).toEqual([
      ["=b.jpg", model],
      ["a.jpg", 'An "espresso", hot'],
      ["c.heic", ""],
    ]);
    expect(rows.find(({ image }) => image === "c.heic")!.error).toContain("HEIC");

    const zip = await downloaded(page, "XMP sidecars");
    expect(zip.name).toBe("captions-xmp.zip");
    const files = unzipSync(zip.bytes);
    expect(Object.keys(files).sort()).toEqual(["=b.jpg.xmp", "a.jpg.xmp"]);
    expect(new TextDecoder().decode(files["a.jpg.xmp"])).toContain(">An &quot;espresso&quot;, hot</rdf:li>");

    await page.getByRole("button", { name: "Copy all" }).click();
    await page.getByText("Copied.").waitFor();
    const copied = await page.evaluate(() => navigator.clipboard.readText());
    expect(copied.split("\n").sort()).toEqual([`'=b.jpg\t${model}`, 'a.jpg\tAn "espresso", hot', "c.heic\t"]);
    await page.getByRole("button", { name: "Copy the caption of a.jpg" }).click();
    await page.waitForFunction(async () => (await navigator.clipboard.readText()) === 'An "espresso", hot');
    expect(tab.complaints).toEqual([]);
  });
});
