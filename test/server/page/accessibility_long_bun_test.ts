import { afterAll, beforeAll, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import axe from "axe-core";
import type { Browser } from "playwright-core";
import { describeUnless } from "../../skip.ts";
import { noChromium, openTab, startChromium } from "./chromium.ts";
import { hand, type Served, serve, shownCaption } from "./person.ts";

const coffee = readFileSync(new URL("../../../examples/coffee.jpg", import.meta.url));

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
        await page.evaluate(axe.source);
        const violations = async (state: string) => {
          const found = (await page.evaluate("axe.run({ resultTypes: ['violations'] })")) as axe.AxeResults;
          return found.violations.flatMap(({ id, nodes }) => nodes.map((node) => `${state}: ${id}: ${node.html}`));
        };
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
  }
});
