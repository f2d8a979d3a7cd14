import { Elysia } from "elysia";
import { createServer } from "./app.ts";
import type { ServerOptions } from "./config.ts";

/** Options of {@linkcode edgecap}: the server's, and the path of its routes. */
export interface PluginOptions extends ServerOptions {
  /** Prefix of the server's routes, for instance `/edgecap/v1/captions`. Default `/edgecap`. */
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
  return new Elysia({ name: "edgecap/plugin" })
    .decorate("edgecap", server)
    .mount(prefix, server.fetch)
    .onStop(() => server[Symbol.asyncDispose]());
}
