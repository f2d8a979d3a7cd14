/** The script of the page in webgpu_browser_long_bun_test.ts: captions the same pictures on two backends. */
import { load } from "../../src/mod.ts";
import { testPicture } from "../../src/model/self_test.ts";
import { openBackend } from "../../src/runtime/backends.ts";
import { bmp } from "./bmp.ts";

/** What the page found. */
export interface PageFindings {
  readonly problem?: string;
  readonly software?: boolean;
  readonly captions?: readonly (readonly [wasm: string, webgpu: string])[];
  readonly closest?: number;
}

async function findings(): Promise<PageFindings> {
  const adapter = await openBackend("webgpu").then(
    (backend) => backend.adapter,
    (error: unknown) => String(error),
  );
  if (typeof adapter === "string" || adapter === undefined) return { problem: String(adapter) };
  const bundle = new URL("/bundle/", (globalThis as unknown as { location: { href: string } }).location.href).href;
  await using wasm = await load({ bundle, backend: "wasm" });
  await using webgpu = await load({ bundle, backend: "webgpu" });
  const captions: [string, string][] = [];
  let closest = 0;
  for (let seed = 0; seed < 5; seed++) {
    const photo = bmp(testPicture(seed, 64), 64);
    const [expected, found] = [await wasm.caption(photo), await webgpu.caption(photo)];
    captions.push([expected.caption, found.caption]);
    closest = Math.max(closest, Math.abs(expected.logProbability - found.logProbability));
  }
  return { software: adapter.software, captions, closest };
}

Object.assign(globalThis, { findings });
