/** The page in a real browser, as a person uses it. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, BrowserContextOptions } from "playwright-core";
import { type Captioner, load, loadEngine } from "../../../src/mod.ts";
import { page } from "../../../src/server/page/page.ts";
import { writeTinyTransformers } from "../../fixtures/tiny_transformers.ts";
import { describeUnless } from "../../skip.ts";
import { noChromium, openTab, startChromium, type Tab } from "./chromium.ts";
import { hand, type Served, sent, serve, shownCaption, turned, wordyBundle } from "./page_user.ts";

const coffee = readFileSync(new URL("../../../examples/coffee.jpg", import.meta.url));

describeUnless(noChromium, "the page in Chromium", () => {
  let captioner: Captioner;
  let browser: Browser;
  let server: Served;
  let address: string;

  beforeAll(async () => {
    captioner = await load({ bundle: await wordyBundle() });
    server = await serve();
    address = server.address;
    browser = await startChromium();
  });

  afterAll(async () => {
    await browser.close();
    await server[Symbol.asyncDispose]();
    await captioner[Symbol.asyncDispose]();
  });

  const open = (options?: BrowserContextOptions): Promise<Tab> => openTab(browser, address, options);

  /** Checks that the page reported no error, and sent requests only to the server. */
  function expectQuiet({ complaints, requests }: Tab): void {
    expect(complaints).toEqual([]);
    expect(requests.filter((request) => !request.startsWith(address))).toEqual([]);
    expect(requests.length).toBeGreaterThan(0);
  }

  test("captions a photo that is dropped, pasted or picked, and says so to a screen reader", async () => {
    const { caption } = await captioner.caption(coffee, { alternatives: 3 });
    for (const way of ["drop", "paste", "pick"] as const) {
      await using tab = await open();
      const { page } = tab;
      if (way === "pick") {
        const chooser = page.waitForEvent("filechooser");
        await page.getByRole("button", { name: "Choose photos" }).click();
        await (await chooser).setFiles({ name: "coffee.jpg", mimeType: "image/jpeg", buffer: coffee });
      } else {
        await hand(page, way, coffee, "image/jpeg");
      }
      expect([way, await shownCaption(page)]).toEqual([way, caption]);
      expect(await page.getByRole("status").textContent()).toContain(`Caption: ${caption}.`);
      expect(await page.getByRole("img", { name: caption, exact: true }).isVisible()).toBe(true);
      expectQuiet(tab);
    }
  });

  test("lights up where the model looked for the word under the pointer", async () => {
    const { words } = await captioner.caption(coffee, { alternatives: 3, attention: true });
    await using tab = await open();
    const { page } = tab;
    await hand(page, "drop", coffee, "image/jpeg");
    await shownCaption(page);
    const buttons = page.locator("#words button");
    expect(await buttons.count()).toBe(words.length);
    for (const [i, { text, attention }] of words.entries()) {
      await buttons.nth(i).hover();
      expect(await page.locator("#look").textContent()).toContain(`“${text}”`);
      const { veil, frame, photo } = await page.evaluate(() => {
        const canvas = document.querySelector("canvas")!;
        const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext("2d")!;
        copy.drawImage(canvas, 0, 0);
        const pixels = copy.getImageData(0, 0, canvas.width, canvas.height).data;
        const cell = canvas.width / 7;
        const veil = Array.from({ length: 49 }, (_, region) => {
          const x = Math.floor(((region % 7) + 0.5) * cell);
          const y = Math.floor((Math.floor(region / 7) + 0.5) * cell);
          return pixels[(y * canvas.width + x) * 4 + 3]!;
        });
        const box = (element: Element) => {
          const { x, y, width, height } = element.getBoundingClientRect();
          return [x, y, width, height].map(Math.round);
        };
        return { veil, frame: box(canvas), photo: box(document.querySelector("img")!) };
      });
      // Clearest where the attention is greatest, and stretched over the photo as it was squashed.
      expect(veil.indexOf(Math.min(...veil))).toBe(attention!.indexOf(Math.max(...attention!)));
      expect(frame).toEqual(photo);
      expect(await page.locator("#frame.lit").count()).toBe(1);
    }
    await page.mouse.move(0, 0);
    expect(await page.locator("#frame.lit").count()).toBe(0);
    await buttons.first().click();
    await page.mouse.move(0, 0);
    expect(await page.locator("#frame.lit").count()).toBe(1);
    expect(await buttons.first().getAttribute("aria-pressed")).toBe("true");
    expectQuiet(tab);
  });

  test("shows each word as it comes, and says so if the rest does not come", async () => {
    const goOn = Promise.withResolvers<void>();
    const slow = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      fetch: (request) => {
        if (request.method === "GET") return page(request);
        const start = async (controller: ReadableStreamDefaultController) => {
          controller.enqueue(new TextEncoder().encode(": a comment, as servers send to keep a line open\n\n"));
          for (const text of ["a", "man", "'s"]) controller.enqueue(sent({ type: "word", text, logProbability: -0.5 }));
          await goOn.promise;
          controller.close();
        };
        return new Response(new ReadableStream({ start }), { headers: { "content-type": "text/event-stream" } });
      },
    });
    try {
      await using tab = await openTab(browser, slow.url.href);
      await hand(tab.page, "drop", coffee, "image/jpeg");
      await tab.page.locator("#words button").nth(2).waitFor();
      expect(await tab.page.locator("#words").textContent()).toBe("a man's");
      expect(await tab.page.getByRole("status").textContent()).toBe("Looking at the photo…");
      expect(await tab.page.locator("#result").getAttribute("aria-busy")).toBe("true");
      goOn.resolve();
      await tab.page.getByRole("alert").getByText("The connection was lost").waitFor();
      expect(await tab.page.locator("#result").getAttribute("aria-busy")).toBe("false");
    } finally {
      await slow.stop(true);
    }
  });

  test("shows a photo upright by its EXIF note, as the model sees it", async () => {
    const sideways = turned(coffee, 6);
    const { caption } = await captioner.caption(sideways, { alternatives: 3 });
    await using tab = await open();
    await hand(tab.page, "drop", sideways, "image/jpeg");
    expect(await shownCaption(tab.page)).toBe(caption);
    const box = (await tab.page.locator("#frame").boundingBox())!;
    // The file is 600 x 400 pixels.
    expect(box.width / box.height).toBeCloseTo(400 / 600, 2);
  });

  test("can be used by keyboard alone", async () => {
    await using tab = await open();
    const { page } = tab;
    const press = (key: string) => page.keyboard.press(key);
    const focused = () => page.evaluate(() => document.activeElement?.textContent ?? "");
    await press("Tab");
    expect(await page.evaluate(() => document.activeElement?.id)).toBe("language");
    await press("Tab");
    expect(await focused()).toBe("Choose photos");
    const chooser = page.waitForEvent("filechooser");
    await press("Enter");
    await (await chooser).setFiles({ name: "coffee.jpg", mimeType: "image/jpeg", buffer: coffee });
    const words = (await shownCaption(page)).split(" ");
    expect(words.length).toBeGreaterThan(1);
    await press("Tab");
    expect(await focused()).toBe("Choose a folder");
    await press("Tab");
    expect(await focused()).toBe("Use the camera");
    await press("Tab");
    expect(await focused()).toBe(words[0]!);
    expect(await page.locator("#frame.lit").count()).toBe(1);
    await press("ArrowRight");
    expect(await focused()).toBe(words[1]!);
    await press("End");
    expect(await focused()).toBe(words.at(-1)!);
    await press("Home");
    expect(await focused()).toBe(words[0]!);
    await press("Enter");
    await press("Tab");
    expect(await focused()).toBe("Copy");
    expect(await page.locator("#frame.lit").count()).toBe(1);
    await press("Enter");
    expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(words.join(" "));
    await press("Tab");
    expect(await focused()).toBe("Caption again");
    await press("Enter");
    await shownCaption(page);
    // The focus is still on the control that was pressed.
    expect(await focused()).toBe("Caption again");
    await press("Tab");
    expect(await focused()).toBe("Settings");
    await press("Enter");
    await press("Tab");
    expect(await page.evaluate(() => document.activeElement?.id)).toBe("alternatives-count");
    expectQuiet(tab);
  });

  test("copies the caption", async () => {
    await using tab = await open();
    await hand(tab.page, "drop", coffee, "image/jpeg");
    const caption = await shownCaption(tab.page);
    await tab.page.getByRole("button", { name: "Copy" }).click();
    expect(await tab.page.evaluate(() => navigator.clipboard.readText())).toBe(caption);
    expect(await tab.page.getByRole("status").textContent()).toBe("Copied.");
  });

  test("captions again with the settings, as the library does", async () => {
    await using tab = await open();
    const { page } = tab;
    await hand(page, "drop", coffee, "image/jpeg");
    await shownCaption(page);
    expect(await page.locator("#alternatives-list li").count()).toBe(3);
    await page.getByText("Settings", { exact: true }).click();
    const asked = page.waitForRequest((request) => request.url().includes("alternatives=5"));
    await page.getByRole("spinbutton", { name: "Other captions" }).fill("5");
    await page.getByLabel("Care").selectOption("Thorough");
    await page.getByLabel("Longest caption").fill("2");
    await page.getByLabel("Longest caption").blur();
    await asked;
    await page.waitForFunction(() => document.querySelectorAll("#alternatives-list li").length === 5);
    const expected = await captioner.caption(coffee, { alternatives: 5, beams: 20, maxWords: 2 });
    expect(await shownCaption(page)).toBe(expected.caption);
    expect(await page.locator("#alternatives-list li").allInnerTexts()).toEqual(
      expected.alternatives.map((other) => other.caption),
    );
    const sampled = page.waitForRequest((request) => request.url().includes("temperature=2"));
    await page.getByLabel("Variety").fill("2");
    const query = new URL((await sampled).url()).searchParams;
    expect(query.has("beams")).toBe(false);
    expect(Number(query.get("seed"))).toBeGreaterThanOrEqual(0);
    expect(await page.getByLabel("Care").isDisabled()).toBe(true);
    await shownCaption(page);
    expectQuiet(tab);
  });

  test("takes a photo with the camera", async () => {
    await using tab = await open();
    const { page } = tab;
    await page.getByRole("button", { name: "Use the camera" }).click();
    await page.waitForFunction(() => (document.querySelector("video")?.videoWidth ?? 0) > 0);
    await page.getByRole("button", { name: "Take the photo" }).click();
    expect((await shownCaption(page)).length).toBeGreaterThan(0);
    expect(await page.locator("dialog[open]").count()).toBe(0);
    // The camera is released.
    expect(await page.evaluate(() => document.querySelector("video")!.srcObject)).toBe(null);
    expectQuiet(tab);
  });

  test("sends photos that the server could not read, or that are large, as the browser shows them", async () => {
    const drawing = `<svg xmlns="http://www.w3.org/2000/svg" width="300" height="200"><rect width="300" height="200" fill="teal"/></svg>`;
    // 24 bits a pixel, uncompressed: 2400 x 1600 pixels are 11 MB.
    const header = Buffer.alloc(54);
    header.write("BM");
    for (const [offset, value] of [
      [2, 54 + 2400 * 1600 * 3],
      [10, 54],
      [14, 40],
      [18, 2400],
      [22, 1600],
    ] as const) {
      header.writeUInt32LE(value, offset);
    }
    header.writeUInt16LE(1, 26);
    header.writeUInt16LE(24, 28);
    const bitmap = Buffer.concat([header, Buffer.alloc(2400 * 1600 * 3, 90)]);
    for (const [bytes, type] of [
      [Buffer.from(drawing), "image/svg+xml"],
      [bitmap, "image/bmp"],
    ] as const) {
      await using tab = await open();
      const sent = tab.page.waitForRequest((request) => request.method() === "POST");
      await hand(tab.page, "drop", bytes, type);
      expect((await shownCaption(tab.page)).length).toBeGreaterThan(0);
      expect((await sent).headers()["content-type"]).toBe("image/jpeg");
      expectQuiet(tab);
    }
  });

  test("says in plain words what went wrong, and continues afterwards", async () => {
    await using tab = await open();
    const { page } = tab;
    const alert = page.getByRole("alert");
    await hand(page, "drop", new TextEncoder().encode("no picture at all"), "text/plain");
    await alert.waitFor();
    expect(await alert.textContent()).toContain("Use a JPEG, PNG, WebP, GIF or BMP file.");
    await hand(page, "drop", coffee.subarray(0, coffee.length / 2), "image/jpeg");
    await alert.getByText("incomplete").waitFor();
    await page.route("**/v1/captions*", (route) => route.abort(), { times: 1 });
    await hand(page, "drop", coffee, "image/jpeg");
    await alert.getByText("The server does not answer.").waitFor();
    await page.getByRole("button", { name: "Try again" }).press("Enter");
    expect(await page.evaluate(() => document.activeElement?.id)).toBe("result");
    expect((await shownCaption(page)).length).toBeGreaterThan(0);
    expect(await alert.count()).toBe(0);
  });

  test("says how long to wait if the server is busy", async () => {
    await using tab = await open();
    const busy = { status: 503, headers: { "retry-after": "4" }, contentType: "application/problem+json", body: "{}" };
    await tab.page.route("**/v1/captions*", (route) => route.fulfill(busy), { times: 1 });
    await hand(tab.page, "drop", coffee, "image/jpeg");
    const advice = tab.page.getByRole("alert").getByText("Try again in 4 seconds.");
    await advice.waitFor();
    expect(await advice.count()).toBe(1);
  });

  test("asks for the access token if the server needs one", async () => {
    await using guarded = await serve({ tokens: ["s3cret"] });
    await using tab = await openTab(browser, guarded.address);
    const { page } = tab;
    await hand(page, "drop", coffee, "image/jpeg");
    const go = page.getByRole("button", { name: "Continue" });
    await page.getByLabel("Access token").fill("wrong");
    const refused = page.waitForResponse((response) => response.status() === 401);
    await go.click();
    await refused;
    await page.getByLabel("Access token").fill("s3cret");
    await go.click();
    expect((await shownCaption(page)).length).toBeGreaterThan(0);
  });

  test("captions without maps if the model has no attention", async () => {
    const folder = mkdtempSync(join(tmpdir(), "edgecap-page-"));
    try {
      writeTinyTransformers(folder);
      await using served = await serve({ bundle: `transformers:${folder}` });
      await using engine = await loadEngine({ bundle: `transformers:${folder}` });
      await using tab = await openTab(browser, served.address);
      await hand(tab.page, "drop", coffee, "image/jpeg");
      expect(await shownCaption(tab.page)).toBe((await engine.caption(coffee, { alternatives: 3 })).caption);
      await tab.page.locator("#words button").first().hover();
      expect(await tab.page.locator("#look").textContent()).toContain("% sure.");
      expect(await tab.page.locator("#frame.lit").count()).toBe(0);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
