/** How sure the model is and what it recognised, as the page says them in a real browser. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import type { Browser } from "playwright-core";
import { sureBundleFiles } from "../../fixtures/sure_bundle.ts";
import { describeUnless } from "../../skip.ts";
import { noChromium, openTab, startChromium } from "./chromium.ts";
import { hand, serve, shownCaption } from "./page_user.ts";

const coffee = readFileSync(new URL("../../../examples/coffee.jpg", import.meta.url));

describeUnless(noChromium, "the page in Chromium, of a bundle that says how sure it is", () => {
  let browser: Browser;

  beforeAll(async () => {
    browser = await startChromium();
  });

  afterAll(() => browser.close());

  test("says how sure it is in words, and shows concepts as chips", async () => {
    for (const [confidence, words, chance] of [
      [0.93, "The model is sure.", "93%"],
      [0.6, "The model is fairly sure.", "60%"],
      [0.2, "This is a guess.", "20%"],
    ] as const) {
      const bundle = await sureBundleFiles({ confidence, concepts: { cup: 0.9, "hot dog": 0.55, cat: 0.2 } });
      await using server = await serve({ bundle });
      await using tab = await openTab(browser, server.address);
      const { page } = tab;
      expect(await page.locator("#certainty").isVisible()).toBe(false);
      await hand(page, "drop", coffee, "image/jpeg");
      await shownCaption(page);
      const certainty = page.locator("#certainty");
      expect(await certainty.textContent()).toBe(words);
      expect(await certainty.getAttribute("title")).toContain(chance);
      expect(await page.getByRole("status").textContent()).toContain(words);
      const list = page.getByRole("list", { name: "What the photo shows" });
      expect(await list.getByRole("listitem").allTextContents()).toEqual(["cup", "hot dog"]);
      expect(tab.complaints).toEqual([]);
    }
  });

  test("says nothing about what the bundle cannot tell", async () => {
    await using server = await serve();
    await using tab = await openTab(browser, server.address);
    const { page } = tab;
    await hand(page, "drop", coffee, "image/jpeg");
    await shownCaption(page);
    for (const id of ["#certainty", "#concepts"]) expect(await page.locator(id).isVisible()).toBe(false);
  });
});
