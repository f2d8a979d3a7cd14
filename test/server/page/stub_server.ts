import { type CaptionEvent, type Captioner, type CaptionOptions, EdgecapError } from "../../../src/mod.ts";
import { page } from "../../../src/server/page/page.ts";

/** A server-sent event. */
export function sent(event: CaptionEvent): Uint8Array {
  return new TextEncoder().encode(`event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
}

export function stubServer(captioner: Captioner): { url: string; stop: () => void } {
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    idleTimeout: 60,
    async fetch(request) {
      const { pathname, searchParams } = new URL(request.url);
      if (pathname === "/") return page(request);
      if (pathname !== "/v1/captions") return new Response("", { status: 404 });
      const { attention, ...numbers } = Object.fromEntries(searchParams);
      const options: CaptionOptions = {
        attention: attention === "true",
        ...Object.fromEntries(Object.entries(numbers).map(([name, value]) => [name, Number(value)])),
      };
      try {
        const events = captioner.stream(await request.bytes(), options);
        const first = await events.next();
        const text = new ReadableStream({
          start: async (controller) => {
            for (let event = first; !event.done; event = await events.next()) controller.enqueue(sent(event.value));
            controller.close();
          },
        });
        return new Response(text, { headers: { "content-type": "text/event-stream" } });
      } catch (error) {
        if (!(error instanceof EdgecapError)) throw error;
        const body = JSON.stringify({ code: error.code, detail: error.message, status: 422 });
        return new Response(body, { status: 422, headers: { "content-type": "application/problem+json" } });
      }
    },
  });
  return { url: server.url.href, stop: () => server.stop(true) };
}
