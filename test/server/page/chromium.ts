import { existsSync } from "node:fs";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";

const executablePath = "/usr/bin/chromium";

/** Why tests in a browser cannot run, or `undefined` if Chromium is where Debian's package `chromium` puts it. */
export const noChromium: string | undefined = existsSync(executablePath) ? undefined : "chromium is not installed";

/** Starts Chromium with an empty profile and a camera that shows a test picture; it sends no requests by itself. */
export function startChromium(): Promise<Browser> {
  const off = ["gpu", "quic", "background-networking", "component-update", "sync"].map((part) => `--disable-${part}`);
  const fake = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"];
  return chromium.launch({ executablePath, args: ["--no-sandbox", "--no-first-run", ...off, ...fake] });
}

/** A tab, and the errors in it. */
export interface Tab extends AsyncDisposable {
  readonly page: Page;
  /** Errors and warnings of the console, and errors that nothing caught. */
  readonly complaints: readonly string[];
  /** Addresses asked for, those of data and memory left out. */
  readonly requests: readonly string[];
}

/** Opens `address` in an empty profile. */
export async function openTab(browser: Browser, address: string, options: BrowserContextOptions = {}): Promise<Tab> {
  const context = await browser.newContext({ permissions: ["clipboard-read", "clipboard-write"], ...options });
  context.setDefaultTimeout(60_000);
  const page = await context.newPage();
  const complaints: string[] = [];
  const requests: string[] = [];
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("request", (request) => {
    if (!/^(?:data|blob):/.test(request.url())) requests.push(request.url());
  });
  // From the first listener on, dialogs that ask for a file come to the test; a late one would miss the first dialog.
  page.on("filechooser", () => {});
  await page.goto(address);
  return { page, complaints, requests, [Symbol.asyncDispose]: () => context.close() };
}
