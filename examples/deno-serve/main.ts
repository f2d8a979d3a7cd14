/** A caption server in a few lines: POST a picture, get a sentence. README.md lists the permissions that it needs. */
import { EdgecapError, load } from "edgecap";

const captioner = await load({ bundle: Deno.args[0] });

Deno.serve({ hostname: "127.0.0.1", port: Number(Deno.args[1] ?? 3000) }, async (request) => {
  if (request.method !== "POST") return new Response("POST a photo.\n", { status: 405, headers: { allow: "POST" } });
  try {
    const { caption } = await captioner.caption(await request.arrayBuffer(), { signal: request.signal });
    return new Response(`${caption}\n`);
  } catch (error) {
    if (!(error instanceof EdgecapError)) throw error;
    return new Response(`${error.message}\n`, { status: error.code.startsWith("image-") ? 415 : 500 });
  }
});
