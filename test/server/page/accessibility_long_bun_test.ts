import { afterAll, beforeAll, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import axe from "axe-core";
import type { Browser, Page } from "playwright-core";
import { describeUnless } from "../../skip.ts";
import { noChromium, openTab, startChromium } from "./chromium.ts";
import { choose, hand, type Served, serve, settled, shownCaption } from "./page_user.ts";

const coffee = readFileSync(new URL("../../../examples/coffee.jpg", import.meta.url));

/** The rules of axe-core that the page breaks, each with the element. */
async function violationsOf(page: Page, state: string): Promise<string[]> {
  await page.evaluate(axe.source);
  const found = (await page.evaluate("axe.run({ resultTypes: ['violations'] })")) as axe.AxeResults;
  return found.violations.flatMap(({ id, nodes }) => nodes.map((node) => `${state}: ${id}: ${node.html}`));
}

describeUnless(noChromium, "the page's accessibility", () => {
  let browser: Browser;
  let server: Served;

  beforeAll(async () => {
    server = await serve();
    browser = await startChromium();
  });

  afterAll(async () => {
    await browser.close();
    await server[Symbol.asyncDispose]();
  });

  for (const colorScheme of ["light", "dark"] as const) {
    test(`breaks no rule of accessibility that axe-core knows, in ${colorScheme}`, async () => {
      for (const viewport of [
        { width: 1180, height: 800 },
        { width: 360, height: 740 },
      ]) {
        await using tab = await openTab(browser, server.address, { colorScheme, viewport, reducedMotion: "reduce" });
        const { page } = tab;
        const violations = (state: string) => violationsOf(page, state);
        expect(await violations("empty")).toEqual([]);
        await hand(page, "drop", coffee, "image/jpeg");
        await shownCaption(page);
        await page.getByText("Settings", { exact: true }).click();
        await page.locator("#words button").first().click();
        expect(await violations("captioned")).toEqual([]);
        // Nothing is wider than the screen.
        expect(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth)).toBe(true);
        await page.getByRole("button", { name: "Use the camera" }).click();
        await page.locator("dialog[open]").waitFor();
        expect(await violations("camera")).toEqual([]);
        await page.getByRole("button", { name: "Cancel" }).click();
        await page.route("**/v1/captions*", (route) => route.fulfill({ status: 401, body: "{}" }));
        await page.getByRole("button", { name: "Caption again" }).click();
        await page.getByLabel("Access token").waitFor();
        expect(await violations("refused")).toEqual([]);
      }
    });

    test(`breaks none with many photos, in ${colorScheme}`, async () => {
      for (const [width, locale] of [
        [1180, "en-GB"],
        [360, "de-DE"],
        [360, "ja-JP"],
      ] as const) {
        const viewport = { width, height: 800 };
        await using tab = await openTab(browser, server.address, {
          ...{ colorScheme, viewport, locale, reducedMotion: "reduce" },
        });
        const { page } = tab;
        const violations = (state: string) => violationsOf(page, state);
        const photo = (name: string) => ({ name, mimeType: "image/jpeg", buffer: coffee });
        const broken = { name: "phone.heic", mimeType: "", buffer: Buffer.from("none") };
        const notes = { name: "notes.txt", mimeType: "text/plain", buffer: Buffer.from("notes") };
        await choose(page, [photo("a.jpg"), photo(`${"long-".repeat(30)}name.jpg`), broken, notes]);
        await settled(page);
        await page.locator("#settings-box summary").click();
        await page.locator(".card textarea").first().fill("An espresso");
        expect(await violations("grid")).toEqual([]);
        expect(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth)).toBe(true);
        await page.route("**/v1/captions*", (route) => route.abort());
        await choose(page, [photo("b.jpg")]);
        await page.locator("#resume").waitFor();
        expect(await violations("stopped")).toEqual([]);
        // From a card to its photo in detail, and back, by the keyboard.
        await page.locator(".card .thumbnail").first().press("Enter");
        await shownCaption(page);
        expect(await violations("detail")).toEqual([]);
        await page.locator("#back").press("Enter");
        expect(await page.evaluate(() => document.activeElement?.className)).toBe("thumbnail");
      }
    });
  }
});
