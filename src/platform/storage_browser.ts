/** Stored downloads in a browser, which has no folders. Exports the same as storage.ts. */
import { EdgecapError } from "../errors.ts";
import { type FileStore, type Folder, noStore, partialInMemory } from "./file_store.ts";

/** The part of the Cache API used here, which the other runtimes' types lack. */
interface BrowserCache {
  match(address: string): Promise<Response | undefined>;
  put(address: string, response: Response): Promise<void>;
  delete(address: string): Promise<boolean>;
}

/** Always throws: a browser has no folders. */
export function openFolder(folder: string | URL): Folder {
  throw new EdgecapError(
    "bundle-missing",
    `A browser cannot read the folder "${folder}": give the bundle's http: or https: URL, or its files in memory.`,
  );
}

/** Browser and cores, which distinguish the measurements of one machine from those of another. */
export function describeMachine(): string {
  const { userAgent, hardwareConcurrency } = navigator;
  return `${userAgent}, ${hardwareConcurrency} cores`;
}

/** The store for downloads: the Cache API, or, if that is missing, as on insecure pages, one that stores nothing. */
export async function openStore(): Promise<FileStore> {
  const { caches } = globalThis as { readonly caches?: { open(name: string): Promise<BrowserCache> } };
  const cache = await caches?.open("edgecap").catch(() => undefined);
  if (cache === undefined) return noStore;
  // The Cache API stores responses by address; this address is never fetched.
  const address = (key: string) => `/.edgecap-cache/${key}`;
  const write = (key: string, bytes: Uint8Array) =>
    cache.put(address(key), new Response(bytes as Uint8Array<ArrayBuffer>)).catch(() => {});
  return {
    read: async (key) => {
      const kept = await cache.match(address(key));
      return kept && new Uint8Array(await kept.arrayBuffer());
    },
    write,
    remove: async (key) => {
      await cache.delete(address(key));
    },
    partial: async (key) => partialInMemory((bytes) => write(key, bytes)),
  };
}
