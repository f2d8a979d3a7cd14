/** The API page in a real browser. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { fileURLToPath } from "node:url";
import type { Browser } from "playwright-core";
import { describeUnless } from "../../skip.ts";
import { noChromium, openTab, startChromium } from "./chromium.ts";
import { type Served, serve } from "./page_user.ts";

const coffee = fileURLToPath(new URL("../../../examples/coffee.jpg", import.meta.url));

describeUnless(noChromium, "the API page in Chromium", () => {
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

  test("shows every route, tries one, and asks nobody but the server", async () => {
    const document = (await (await fetch(`${server.address}openapi.json`)).json()) as { paths: Record<string, object> };
    await using tab = await openTab(browser, `${server.address}docs`);
    const { page } = tab;
    await page.getByRole("heading", { name: /^edgecap/ }).waitFor();
    const shown = await page.locator(".opblock-summary-path").allTextContents();
    const routes = Object.values(document.paths).reduce((sum, methods) => sum + Object.keys(methods).length, 0);
    expect(shown).toHaveLength(routes);

    const block = page.locator("#operations-captions-createCaptions");
    await block
      .getByRole("button", { name: /v1.captions/ })
      .first()
      .click();
    await block.getByRole("button", { name: "Try it out" }).click();
    await block.getByLabel("Request content type").selectOption("application/octet-stream");
    await block.locator('input[type="file"]').setInputFiles(coffee);
    await block.getByRole("button", { name: "Execute" }).click();
    const answer = block.locator(".live-responses-table .response").first();
    await answer.waitFor();
    expect(await answer.locator(".response-col_status").textContent()).toContain("200");
    expect(await answer.textContent()).toContain('"logProbability"');

    expect(tab.complaints).toEqual([]);
    expect(tab.requests.filter((request) => !request.startsWith(server.address))).toEqual([]);
    expect(tab.requests.map((request) => new URL(request).pathname)).toEqual([
      "/docs",
      "/openapi.json",
      "/v1/captions",
    ]);
  });
});
