/** An existing app with its own routes; edgecap's are under /edgecap. */

import { edgecap } from "edgecap/server";
import { Elysia } from "elysia";

const app = new Elysia()
  .get("/", () => "The shop's own page.")
  .use(edgecap({ workers: 1 }))
  .listen({ hostname: "127.0.0.1", port: Number(process.env["PORT"] ?? 3000) });

console.log(`Listening on ${app.server?.url}`);
