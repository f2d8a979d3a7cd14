import type { Page } from "playwright-core";
import type { CaptionEvent } from "../../../src/mod.ts";
import {
  type CaptionServer,
  createServer,
  type Listener,
  listen,
  type ServerOptions,
} from "../../../src/server/mod.ts";
import { tinyBundleFiles } from "../../fixtures/tiny_bundle.ts";

/** Gives the page a file as the browser does when somebody drops or pastes it. */
export async function hand(page: Page, event: "drop" | "paste", bytes: Uint8Array, type: string): Promise<void> {
  await page.evaluate(
    ([event, base64, type]) => {
      const data = new DataTransfer();
      const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
      data.items.add(new File([bytes], "photo", { type }));
      const options = { bubbles: true, cancelable: true };
      document.body.dispatchEvent(
        event === "drop"
          ? new DragEvent("drop", { ...options, dataTransfer: data })
          : new ClipboardEvent("paste", { ...options, clipboardData: data }),
      );
    },
    [event, Buffer.from(bytes).toString("base64"), type] as const,
  );
}

/** Waits until a caption is complete, and reads it from the page. */
export async function shownCaption(page: Page): Promise<string> {
  await page.locator("#result:not(.busy) #actions").waitFor();
  return (await page.locator("#words").textContent()) ?? "";
}

/** The tiny bundle, whose captions are of one word unless longer ones are preferred. */
export async function wordyBundle(): Promise<Map<string, Uint8Array>> {
  const files = await tinyBundleFiles();
  const manifest = JSON.parse(new TextDecoder().decode(files.get("manifest.json")));
  manifest.generation = { beams: 3, maxWords: 6, lengthPenalty: 6 };
  return files.set("manifest.json", new TextEncoder().encode(JSON.stringify(manifest)));
}

/** A server of that bundle. */
export interface Served extends AsyncDisposable {
  readonly address: string;
}

export async function serve(options: ServerOptions = {}): Promise<Served> {
  const server: CaptionServer = createServer({ bundle: await wordyBundle(), workers: 1, ...options });
  await server.ready;
  const listener: Listener = await listen(server, { port: 0 });
  return {
    address: `${listener.url}/`,
    [Symbol.asyncDispose]: async () => {
      await listener.close(true);
      await server[Symbol.asyncDispose]();
    },
  };
}

/** A server-sent event. */
export function sent(event: CaptionEvent): Uint8Array {
  return new TextEncoder().encode(`event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
}

/** The JPEG with an EXIF note that says how to turn it. */
export function turned(jpeg: Uint8Array, orientation: number): Uint8Array {
  const tiff = [0x4d, 0x4d, 0, 42, 0, 0, 0, 8, 0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, orientation, 0, 0, 0, 0, 0, 0];
  const exif = [...new TextEncoder().encode("Exif\0\0"), ...tiff];
  return Uint8Array.from([0xff, 0xd8, 0xff, 0xe1, 0, exif.length + 2, ...exif, ...jpeg.subarray(2)]);
}

/** A file in the form that the dialogs of playwright-core take. */
export interface NamedFile {
  readonly name: string;
  readonly mimeType: string;
  readonly buffer: Buffer;
}

/** Chooses photos in the dialog for photos. */
export async function choose(page: Page, files: readonly NamedFile[]): Promise<void> {
  await page.locator("#file").setInputFiles([...files]);
}

/** Waits until all photos of the grid are done, and gives the line with their number. */
export async function settled(page: Page): Promise<string> {
  await page.waitForFunction(() => {
    const cards = [...document.querySelectorAll<HTMLElement>(".card")];
    return cards.length > 0 && cards.every((card) => !["waiting", "working"].includes(card.dataset["state"]!));
  });
  return (await page.locator("#progress-text").textContent()) ?? "";
}
