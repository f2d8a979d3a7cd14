/**
 * An HTTP server for captions, for programs and people, over a pool of workers.
 *
 * ```ts ignore
 * import { createServer, listen } from "edgecap/server";
 *
 * await using server = createServer({ workers: 2 });
 * await server.ready;
 * console.log((await listen(server, { port: 3000 })).url);
 * ```
 *
 * `server.fetch` is a web-standard handler for other hosts.
 *
 * @module
 */

export type { ModelCard } from "../pool/messages.ts";
export { type CreateWorker, createCaptionWorker } from "../pool/pool_worker.ts";
export type { AllowedHosts } from "./allowed_hosts.ts";
export { type CaptionServer, createServer } from "./app.ts";
export type { LogLine, ServerConfig, ServerOptions } from "./config.ts";
export { type Listener, type ListenOptions, listen } from "./listen.ts";
export { edgecap, type PluginOptions } from "./plugin.ts";
export type { ProblemCode, ProblemDocument } from "./problem.ts";
