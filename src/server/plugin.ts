import { Elysia } from "elysia";
import { createServer } from "./app.ts";
import type { ServerOptions } from "./config.ts";

/** Options of {@linkcode edgecap}: the server's, and the path of its routes. */
export interface PluginOptions extends ServerOptions {
  /**
   * Path of the server's routes, below the prefixes of the app and its groups: `/edgecap` gives
   * `/edgecap/v1/captions`. Default `/edgecap`.
   */
  readonly prefix?: string;
}

/**
 * The caption server as a plugin for an existing Elysia app; its workers start and stop with the
 * app.
 *
 * The app's handlers find the server as `edgecap`, for instance to wait for `edgecap.ready`.
 *
 * @throws {EdgecapError} `option-invalid`
 * @example
 * ```ts ignore
 * import { Elysia } from "elysia";
 * import { edgecap } from "edgecap/server";
 *
 * new Elysia().use(edgecap({ workers: 1 })).listen(3000);
 * ```
 */
export function edgecap({ prefix = "/edgecap", ...options }: PluginOptions = {}) {
  const server = createServer(options);
  const place = prefix.split("/").filter((name) => name !== "");
  const root = place.map((name) => `/${name}`).join("");
  // `route` has the prefixes of the app and of its groups too. Elysia's own mount() does not know them.
  const answer = ({ request, route }: { readonly request: Request; readonly route: string }) =>
    server.fetch(belowRoute(request, route));
  const raw = { parse: "none", detail: { hide: true } } as const;
  return new Elysia({ name: "edgecap/plugin" })
    .decorate("edgecap", server)
    .all(root || "/", ({ request, route }) => toFolder(request) ?? answer({ request, route }), raw)
    .all(`${root}/*`, ({ request, route }) => answer({ request, route }), raw)
    .onStop(() => server[Symbol.asyncDispose]());
}

/** Redirects a browser to the path with a slash at its end, because the page requests files beside it. */
function toFolder({ method, url }: Request): Response | undefined {
  const { pathname, search } = new URL(url);
  if (pathname.endsWith("/") || (method !== "GET" && method !== "HEAD")) return undefined;
  return new Response(null, { status: 302, headers: { location: `${pathname.split("/").at(-1)}/${search}` } });
}

/**
 * The request as the server expects it: without the path that leads to the plugin.
 *
 * @throws {Error} if the app has read the body.
 */
function belowRoute(request: Request, route: string): Request {
  if (request.bodyUsed)
    throw new Error(
      "The app's onParse has read this body: add edgecap() before it, or leave edgecap's paths out of it.",
    );
  const url = new URL(request.url);
  const names = (path: string) => path.split("/").slice(1);
  const above = names(route.replace(/\/\*?$/, "")).length;
  url.pathname = `/${names(url.pathname).slice(above).join("/")}`;
  return new Request(url.href, request);
}
