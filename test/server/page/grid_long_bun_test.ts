/** Many photos on the page, in a real browser, as a person uses it. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { type Captioner, load } from "../../../src/mod.ts";
import { describeUnless } from "../../skip.ts";
import { noChromium, openTab, startChromium, type Tab } from "./chromium.ts";
import { choose, hand, type NamedFile, type Served, serve, settled, shownCaption, wordyBundle } from "./page_user.ts";

const bytesOf = (name: string) => readFileSync(new URL(`../../../examples/${name}`, import.meta.url));
const jpeg = (name: string, from = name): NamedFile => ({ name, mimeType: "image/jpeg", buffer: bytesOf(from) });
const examples = ["astronaut.jpg", "chelsea.jpg", "china.jpg", "coffee.jpg", "flower.jpg"].map((name) => jpeg(name));
const problem = (status: number, headers: Record<string, string> = {}) => ({
  ...{ status, headers, contentType: "application/problem+json", body: "{}" },
});

describeUnless(noChromium, "many photos on the page in Chromium", () => {
  let captioner: Captioner;
  let browser: Browser;
  let server: Served;

  beforeAll(async () => {
    captioner = await load({ bundle: await wordyBundle() });
    server = await serve();
    browser = await startChromium();
  });

  afterAll(async () => {
    await browser.close();
    await server[Symbol.asyncDispose]();
    await captioner[Symbol.asyncDispose]();
  });

  const open = (): Promise<Tab> => openTab(browser, server.address);
  const card = (page: Page, name: string) => page.getByRole("listitem").filter({ has: page.getByText(name) });
  const text = (page: Page, name: string) => page.getByRole("textbox", { name: `Caption of ${name}` });

  test("captions each as the library does, and reports its progress", async () => {
    await using tab = await open();
    const { page } = tab;
    await choose(page, examples);
    expect(await settled(page)).toContain("5 of 5 done");
    expect(await page.getByRole("heading", { name: "5 photos" }).isVisible()).toBe(true);
    for (const { name, buffer } of examples) {
      const { caption } = await captioner.caption(buffer, { alternatives: 3, attention: true });
      expect([name, await text(page, name).inputValue()]).toEqual([name, caption]);
    }
    expect(await page.locator("#grid-status").textContent()).toContain("5 of 5 done");
    expect(
      await page
        .locator(".card img")
        .evaluateAll((images) => images.map((image) => image.getAttribute("src")!.slice(0, 5))),
    ).toEqual(examples.map(() => "blob:"));
    expect(tab.complaints).toEqual([]);
    expect(tab.requests.filter((request) => !request.startsWith(server.address))).toEqual([]);
  });

  test("adds a folder that is dropped or chosen, and names everything that is not a picture", async () => {
    const folder = mkdtempSync(join(tmpdir(), "edgecap-page-"));
    try {
      const trip = join(folder, "trip");
      mkdirSync(join(trip, "day 2"), { recursive: true });
      mkdirSync(join(trip, "empty"));
      writeFileSync(join(trip, "a.jpg"), bytesOf("coffee.jpg"));
      writeFileSync(join(trip, "day 2", "b.jpg"), bytesOf("china.jpg"));
      writeFileSync(join(trip, "notes.txt"), "notes");
      for (const way of ["drop", "choose"] as const) {
        await using tab = await open();
        const { page } = tab;
        if (way === "choose") await page.locator("#folder").setInputFiles(trip);
        else {
          const session = await page.context().newCDPSession(page);
          const data = { items: [], files: [trip], dragOperationsMask: 1 };
          for (const type of ["dragEnter", "dragOver", "drop"] as const)
            await session.send("Input.dispatchDragEvent", { type, x: 400, y: 300, data });
        }
        await settled(page);
        expect([
          way,
          await page.locator(".card h3 bdi").evaluateAll((names) => names.map((name) => (name as HTMLElement).title)),
        ]).toEqual([...[way, ["trip/a.jpg", "trip/day 2/b.jpg"]]] as [typeof way, string[]]);
        const named = ["trip/notes.txt: not a picture"];
        // A dialog gives the files of a folder alone, and so no empty folder.
        if (way === "drop") named.unshift("trip/empty/: empty folder");
        const summary = page.getByText(way === "drop" ? "2 files were left out" : "1 file was left out");
        expect(await summary.isVisible()).toBe(true);
        expect(await page.locator("#left-out-list li").allInnerTexts()).toEqual(named);
        expect(tab.complaints).toEqual([]);
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test("shows each failure on its card, and continues with the others", async () => {
    await using tab = await open();
    const { page } = tab;
    const heic = Buffer.from("\0\0\0\x18ftypheic\0\0\0\0mif1heic", "latin1");
    await choose(page, [
      { name: "phone.heic", mimeType: "", buffer: heic },
      { name: "scan.tif", mimeType: "image/tiff", buffer: Buffer.from("II*\0 no more") },
      { name: "half.jpg", mimeType: "image/jpeg", buffer: bytesOf("coffee.jpg").subarray(0, 9000) },
      jpeg("good.jpg", "coffee.jpg"),
    ]);
    expect(await settled(page)).toContain("4 of 4 done · 3 failed");
    expect(await card(page, "phone.heic").textContent()).toContain("Most Compatible");
    expect(await card(page, "scan.tif").textContent()).toContain("cannot read TIFF files");
    expect(await card(page, "half.jpg").textContent()).toContain("incomplete");
    // What has no caption can be described by hand.
    await text(page, "phone.heic").fill("Our cat");
    expect(await card(page, "phone.heic").textContent()).toContain("Edited");
    expect(await page.locator("#progress-text").textContent()).toContain("4 of 4 done · 2 failed");
    expect(await text(page, "good.jpg").inputValue()).not.toBe("");
  });

  test("requests few at once, waits for a busy server, and tries again", async () => {
    await using tab = await open();
    const { page } = tab;
    let running = 0;
    let most = 0;
    let refused = 0;
    await page.route("**/v1/captions*", async (route) => {
      running++;
      most = Math.max(most, running);
      if (refused < 4) {
        refused++;
        await route.fulfill(problem(refused % 2 ? 503 : 429, { "retry-after": "1" }));
      } else {
        await route.fulfill({ response: await route.fetch() });
      }
      running--;
    });
    await choose(page, examples);
    expect(await settled(page)).toContain("5 of 5 done");
    expect(await page.locator('.card[data-state="failed"]').count()).toBe(0);
    expect([refused, most]).toEqual([4, 3]);
  });

  test("stops if the server is gone, keeps everything, and continues", async () => {
    await using tab = await open();
    const { page } = tab;
    await page.route("**/v1/captions*", (route) => route.abort());
    await choose(page, examples);
    await page.getByRole("alert").getByText("The server does not answer.").waitFor();
    expect(await page.locator("#progress-text").textContent()).toContain("5 are waiting");
    await page.unroute("**/v1/captions*");
    await page.getByRole("button", { name: "Try again", exact: true }).press("Enter");
    expect(await page.evaluate(() => document.activeElement?.id)).toBe("grid-title");
    expect(await settled(page)).toContain("5 of 5 done");
    expect(await page.getByRole("alert").count()).toBe(0);
  });

  test("stops and continues as a person wants, and asks for a token once", async () => {
    await using guarded = await serve({ tokens: ["s3cret"] });
    await using tab = await openTab(browser, guarded.address);
    const { page } = tab;
    await choose(page, examples);
    await page.getByLabel("Access token").fill("s3cret");
    // What is under way hangs, so that it can be stopped.
    const hang = Promise.withResolvers<void>();
    await page.route("**/v1/captions*", async (route) => {
      await hang.promise;
      await route.continue().catch(() => {});
    });
    await page.locator("#token-form").getByRole("button", { name: "Continue" }).click();
    await page.getByRole("button", { name: "Stop" }).press("Enter");
    expect(await page.locator("#progress-text").textContent()).toContain("Stopped, 5 are waiting");
    expect(await page.evaluate(() => document.activeElement?.id)).toBe("resume");
    hang.resolve();
    await page.unroute("**/v1/captions*");
    await page.keyboard.press("Enter");
    expect(await settled(page)).toContain("5 of 5 done");
  });

  test("shows one in detail and comes back to the results, with the focus where it was", async () => {
    await using tab = await open();
    const { page } = tab;
    await choose(page, examples.slice(0, 3));
    await settled(page);
    await text(page, "china.jpg").fill("A tower in Beijing");
    const asked: string[] = [];
    page.on("request", (request) => asked.push(request.url()));
    await page.getByRole("button", { name: "Look closer at china.jpg" }).press("Enter");
    const { caption } = await captioner.caption(bytesOf("china.jpg"), { alternatives: 3, attention: true });
    expect(await shownCaption(page)).toBe(caption);
    expect(await page.locator("#your-text").textContent()).toBe("Your text: A tower in Beijing");
    expect(await page.locator("#words button").first().getAttribute("aria-label")).toContain("looking at");
    expect(await page.evaluate(() => document.activeElement?.id)).toBe("result");
    // One more photo joins the others.
    await hand(page, "drop", bytesOf("coffee.jpg"), "image/jpeg");
    await shownCaption(page);
    await page.getByRole("button", { name: "Back to all 4 photos" }).click();
    expect(
      await page
        .getByRole("button", { name: "Look closer at photo" })
        .evaluate((one) => one === document.activeElement),
    ).toBe(true);
    expect(await text(page, "china.jpg").inputValue()).toBe("A tower in Beijing");
    // The maps came with the captions: what is known is not asked for again.
    expect(asked.filter((url) => url.startsWith(server.address)).length).toBe(1);
  });

  test("removes photos, one by one and all, and starts again", async () => {
    await using tab = await open();
    const { page } = tab;
    await choose(page, examples.slice(0, 3));
    await settled(page);
    await page.getByRole("button", { name: "Remove chelsea.jpg" }).press("Enter");
    expect(await page.evaluate(() => document.activeElement?.ariaLabel)).toBe("Remove china.jpg");
    expect(await page.getByRole("heading", { name: "2 photos" }).isVisible()).toBe(true);
    page.once("dialog", (dialog) => dialog.dismiss());
    await page.getByRole("button", { name: "Remove all" }).click();
    expect(await page.locator(".card").count()).toBe(2);
    page.once("dialog", (dialog) => dialog.accept());
    await page.getByRole("button", { name: "Remove all" }).click();
    await page.getByText("Drop photos or a folder here").waitFor();
    expect(await page.evaluate(() => document.activeElement?.id)).toBe("pick");
    // The same photos can come again.
    await choose(page, examples.slice(0, 2));
    expect(await settled(page)).toContain("2 of 2 done");
  });

  test("shows names of files as text, whatever they hold", async () => {
    await using tab = await open();
    const { page } = tab;
    const evil = [
      '<img src=x onerror="document.title=1">.jpg',
      '"><svg onload="document.title=1">.jpg',
      "&lt;b&gt;\u202egpj.exe.jpg",
      "$&{n}{name}.jpg",
    ];
    await choose(page, [
      ...evil.map((name) => jpeg(name, "coffee.jpg")),
      { name: "<i>a</i>.txt", mimeType: "text/plain", buffer: Buffer.from("a") },
    ]);
    await settled(page);
    expect((await page.locator(".card h3").allTextContents()).sort()).toEqual([...evil].sort());
    expect(await page.locator("#left-out-list li").allTextContents()).toEqual(["<i>a</i>.txt: not a picture"]);
    for (const name of evil) expect(await text(page, name).count()).toBe(1);
    await page.getByRole("button", { name: `Look closer at ${evil[0]!}` }).click();
    await shownCaption(page);
    expect(await page.title()).toBe("edgecap: a photo goes in, a sentence comes out");
    expect(
      await page
        .locator("main script, main i, main b, main svg:not(.hint svg), main img:not(.card img, #photo)")
        .count(),
    ).toBe(0);
    expect(tab.complaints).toEqual([]);
  });
});
