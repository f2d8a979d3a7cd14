/** The page in its languages, in a real browser. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import type { Browser } from "playwright-core";
import { languages } from "../../../src/server/page/client/language/speech.ts";
import { describeUnless } from "../../skip.ts";
import { noChromium, openTab, startChromium } from "./chromium.ts";
import { choose, hand, type Served, serve, settled, shownCaption } from "./page_user.ts";

const coffee = readFileSync(new URL("../../../examples/coffee.jpg", import.meta.url));
const photos = ["a.jpg", "b.jpg"].map((name) => ({ name, mimeType: "image/jpeg", buffer: coffee }));

describeUnless(noChromium, "the page's languages in Chromium", () => {
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

  test("the page speaks the browser's language, and says that captions are English", async () => {
    for (const [locale, tag] of [
      ["en-GB", "en"],
      ["de-AT", "de"],
      ["fr-CA", "fr"],
      ["es-MX", "es"],
      ["ja-JP", "ja"],
      ["pt-BR", "en"],
    ] as const) {
      await using tab = await openTab(browser, server.address, { locale });
      const { page } = tab;
      const words = languages[tag];
      expect(await page.evaluate(() => document.documentElement.lang)).toBe(tag);
      expect(await page.title()).toBe(words.title);
      const button = page.getByRole("button", { name: words.choosePhotos });
      expect(await button.isVisible()).toBe(true);
      expect(await page.getByText(words.captionsInEnglish).isVisible()).toBe(tag !== "en");
      await hand(page, "drop", coffee, "image/jpeg");
      await shownCaption(page);
      const spoken = page.getByRole("status").locator("[lang]");
      expect(await spoken.getAttribute("lang")).toBe("en");
      expect(await page.locator("#words button span").first().getAttribute("lang")).toBe("en");
      expect(await page.locator("#words button").first().getAttribute("lang")).toBe(tag);
      expect(tab.complaints).toEqual([]);
    }
  });

  test("a person can choose another, which is remembered, and nothing is lost", async () => {
    await using tab = await openTab(browser, server.address, { locale: "en-GB" });
    const { page } = tab;
    await choose(page, photos);
    await settled(page);
    const german = languages.de;
    await page.getByRole("textbox", { name: "Caption of a.jpg" }).fill("An espresso");
    await page.getByLabel("Language").selectOption("Deutsch");
    expect(await page.getByRole("heading", { name: "2 Fotos" }).isVisible()).toBe(true);
    expect(await page.locator("#progress-text").textContent()).toBe("2 von 2 fertig");
    const text = page.getByRole("textbox", { name: "Beschreibung von a.jpg" });
    expect([await text.inputValue(), await text.getAttribute("lang")]).toEqual(["An espresso", "en"]);
    expect(await page.getByText(german.edited).isVisible()).toBe(true);
    await page.getByRole("button", { name: "b.jpg genauer ansehen" }).click();
    await shownCaption(page);
    expect(await page.getByRole("status").textContent()).toContain("Beschreibung: ");
    await page.getByLabel("Sprache").selectOption("日本語");
    expect(await page.getByRole("status").textContent()).toContain("説明文：");
    expect(await page.locator("#words button").first().getAttribute("aria-label")).toContain("確信度");
    page.on("dialog", (dialog) => dialog.accept());
    await page.reload();
    expect(await page.evaluate(() => document.documentElement.lang)).toBe("ja");
    expect(tab.complaints).toEqual([]);
  });

  test("the page works if the browser stores nothing", async () => {
    await using tab = await openTab(browser, "about:blank", { locale: "fr-FR" });
    const { page } = tab;
    await page.addInitScript(() => {
      Object.defineProperty(window, "localStorage", {
        get: () => {
          throw new DOMException("denied", "SecurityError");
        },
      });
    });
    await page.goto(server.address);
    expect(await page.evaluate(() => document.documentElement.lang)).toBe("fr");
    await page.getByLabel("Langue").selectOption("Español");
    expect(await page.evaluate(() => document.documentElement.lang)).toBe("es");
    expect(tab.complaints).toEqual([]);
  });
});
