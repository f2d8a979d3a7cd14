import { readFileSync } from "node:fs";
import type { ServerOptions } from "../../src/server/mod.ts";
import { type TinyServer, tinyServer } from "./tiny_server.ts";

/** A server whose worker says what is known before; see knowing_worker.ts. */
export function knowingServer(options: ServerOptions = {}): Promise<TinyServer> {
  const createWorker = () => new Worker(new URL("./knowing_worker.ts", import.meta.url).href, { type: "module" });
  return tinyServer({ createWorker, ...options });
}

/** What its worker says of every photo. */
export const known = "a dog's bowl stands on grass";

/** A picture of which it says nothing. */
export function blank(): Uint8Array<ArrayBuffer> {
  return new Uint8Array(readFileSync(new URL("../fixtures/images/grey.png", import.meta.url)));
}

/** Bytes in base64. */
export function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64");
}

/** A JPEG as a data URL. */
export function dataUrl(bytes: Uint8Array): string {
  return `data:image/jpeg;base64,${base64(bytes)}`;
}
