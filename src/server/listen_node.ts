import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { toNodeHandler } from "srvx/node";
import type { CaptionServer } from "./app.ts";

/** A socket of Node's own, and the port that it has. */
export interface NodeSocket {
  readonly port: number;
  close(force: boolean): Promise<void>;
}

/**
 * Opens a socket on Node, whose requests and answers are made into the web's.
 *
 * @param headSeconds In which a client has to send the head of its request, and in which an idle connection is closed.
 * @throws Where the port is taken or may not be used.
 */
export async function listenOnNode(
  server: CaptionServer,
  host: string,
  port: number,
  headSeconds: number,
): Promise<NodeSocket> {
  const answer = (request: Request & { readonly _request?: Request }): Promise<Response> =>
    // What stands in for the request is no Request to Node's own constructor.
    server.fetch(request._request ?? request).catch(() => new Response(null, { status: 500 }));
  const options = {
    headersTimeout: headSeconds * 1000,
    keepAliveTimeout: headSeconds * 1000,
    // The app has its own limits of time for bodies.
    requestTimeout: 0,
    connectionsCheckingInterval: 1000,
    // A client of HTTP/1.0 sends none, and the app needs none.
    requireHostHeader: false,
  };
  const socket = createServer(options, toNodeHandler(answer) as RequestListener);
  await new Promise<void>((resolve, reject) => {
    socket.once("error", reject);
    socket.listen(port, host, () => {
      socket.off("error", reject);
      resolve();
    });
  });
  return {
    port: (socket.address() as AddressInfo).port,
    close: async (force) => {
      const closed = new Promise<void>((resolve) => socket.close(() => resolve()));
      if (force) socket.closeAllConnections();
      else socket.closeIdleConnections();
      await closed;
    },
  };
}
