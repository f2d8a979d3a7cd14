import { readFile } from "node:fs/promises";
import type { Command } from "commander";
import type { CaptionSettings } from "../caption/options.ts";
import { EdgecapError } from "../errors.ts";
import type { BackendChoice } from "../runtime/backend.ts";
import type { CaptionServer } from "../server/app.ts";
import type { Listener, listen as listenType } from "../server/listen.ts";
import { backendOption } from "./backend_option.ts";
import { bundleFlag } from "./bundle_flag.ts";
import { addCaptionFlags, captionFlag, captionOptionsOf } from "./caption_flags.ts";
import { LogWriter } from "./log_writer.ts";
import { wholeNumber } from "./option_values.ts";

/** Options of a caption that the operator sets for clients that do not. */
const defaultOptions = ["maxCharacters", "neutral", "sentence", "minConfidence"] as const;

interface ServeFlags extends Pick<CaptionSettings, (typeof defaultOptions)[number]> {
  readonly host: string;
  readonly port: number;
  readonly bundle?: string;
  readonly backend: BackendChoice;
  readonly workers?: number;
  readonly queue?: number;
  readonly deadline?: number;
  readonly drain: number;
  readonly cache?: number;
  readonly bodyLimit?: number;
  readonly bodyMemory?: number;
  readonly maxImages?: number;
  readonly maxPixels?: number;
  readonly tokens?: string;
  readonly hosts?: string[];
  readonly cors?: string[];
  readonly allowUrlHosts?: string[];
}

const mebibyte = 2 ** 20;

/** Adds `edgecap serve`. */
export function registerServe(program: Command): void {
  const command = program
    .command("serve")
    .description("Start the HTTP server, with an API for programs and a page for people.")
    .option("--host <address>", "address to listen on; 0.0.0.0 for all", "127.0.0.1")
    .option("--port <n>", "port to listen on; 0 picks a free one", wholeNumber(0, 65_535), 3000)
    .option(...bundleFlag)
    .addOption(backendOption())
    .option("--workers <n>", "number of threads that caption (default: one per core)", wholeNumber(1, 256))
    .option("--queue <n>", "most pictures that may wait (default: 64)", wholeNumber(0, 100_000))
    .option("--deadline <s>", "seconds from a picture's arrival to its answer (default: 30)", wholeNumber(1, 3600))
    .option("--drain <s>", "seconds to finish the open requests when the server stops", wholeNumber(0, 3600), 20)
    .option(
      "--cache <MiB>",
      "memory for captions of pictures seen before; 0 for none (default: 32)",
      wholeNumber(0, 65_536),
    )
    .option("--body-limit <MiB>", "largest request body (default: 20)", wholeNumber(1, 1024))
    .option(
      "--body-memory <MiB>",
      "memory for the bodies and pictures of all open requests; beyond it, requests get 503 (default: 256)",
      wholeNumber(1, 1_048_576),
    )
    .option("--max-images <n>", "most pictures per request (default: 16)", wholeNumber(1, 1000))
    .addOption(captionFlag("maxPixels"));
  addCaptionFlags(command, defaultOptions)
    .option("--tokens <file>", "file of bearer tokens, one per line; or set EDGECAP_TOKENS, separated by spaces")
    .option("--hosts <names...>", "host names that the server answers to, or * for any; see below")
    .option("--cors <origins...>", "origins whose pages may call the server, or * (default: none)")
    .option("--allow-url-hosts <hosts...>", "hosts to fetch pictures from by URL (default: none); see below")
    .addHelpText(
      "after",
      `
The first line on standard output gives the address. The log, one line of JSON per request, goes to standard error.
On SIGTERM or Ctrl-C the server refuses new pictures, finishes the open requests and exits with status 0. A second signal ends it at once.

Without tokens, on a local address, the server answers only requests to localhost or to an IP address: another site's page
could otherwise reach it by pointing its own name here. --hosts adds names, for instance a proxy's.

--max-characters, --neutral, --sentence and --min-confidence apply to requests that do not set the option themselves.

--allow-url-hosts takes names, *.name for all subdomains, * for all, and addresses or ranges such as 10.1.0.0/16. Only
an address or a range opens loopback, private and link-local addresses.

Examples:
  edgecap serve --port 8080 --workers 2
  curl --data-binary @photo.jpg -H "content-type: image/jpeg" http://127.0.0.1:8080/v1/captions`,
    )
    .action(serve);
}

async function serve(flags: ServeFlags): Promise<void> {
  const tokens = await tokensOf(flags);
  const log = new LogWriter();
  // Imported only here: the server's packages take longer to load than all other verbs together.
  const [{ createServer }, { listen }] = await Promise.all([import("../server/app.ts"), import("../server/listen.ts")]);
  await using server = createServer({
    ...(flags.bundle !== undefined && { bundle: flags.bundle }),
    backend: flags.backend,
    ...(flags.workers !== undefined && { workers: flags.workers }),
    ...(flags.queue !== undefined && { queueSize: flags.queue }),
    ...(flags.deadline !== undefined && { deadlineMs: flags.deadline * 1000 }),
    ...(flags.cache !== undefined && { cacheBytes: flags.cache * mebibyte }),
    ...(flags.bodyLimit !== undefined && { maxBodyBytes: flags.bodyLimit * mebibyte }),
    ...(flags.bodyMemory !== undefined && { bodyMemoryBytes: flags.bodyMemory * mebibyte }),
    ...(flags.maxImages !== undefined && { maxImages: flags.maxImages }),
    ...(flags.maxPixels !== undefined && { maxPixels: flags.maxPixels }),
    defaults: Object.fromEntries(Object.entries(captionOptionsOf(flags)).filter(([name]) => name !== "maxPixels")),
    tokens,
    corsOrigins: flags.cors ?? [],
    allowUrlHosts: flags.allowUrlHosts ?? [],
    log: (line) => log.line(line),
  });
  const stop = stopSignal();
  const listener = await open(listen, server, flags);
  process.stdout.write(`Listening on ${listener.url}\n`);
  try {
    // If the bundle cannot be loaded, the server ends; until it is loaded, /readyz says that it is not ready.
    await Promise.race([server.ready, stop]);
  } catch (error) {
    await listener.close(true);
    throw error;
  }
  await stop;
  await finish(server, listener, log, flags.drain);
}

async function open(
  listen: typeof listenType,
  server: CaptionServer,
  { host, port, hosts }: ServeFlags,
): Promise<Listener> {
  try {
    return await listen(server, { host, port, ...(hosts && { hosts }) });
  } catch (cause) {
    if (cause instanceof EdgecapError) throw cause;
    throw new EdgecapError("option-invalid", `Cannot listen on ${host}, port ${port}: ${String(cause)}.`, { cause });
  }
}

/** Resolves at the first stop signal; the second ends the process at once. */
function stopSignal(): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  let stopping = false;
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.on(signal, () => {
      if (stopping) process.exit(signal === "SIGTERM" ? 143 : 130);
      stopping = true;
      resolve();
    });
  }
  return promise;
}

/** Longest wait for the last lines of the log, in milliseconds. */
const logMs = 500;

async function finish(server: CaptionServer, listener: Listener, log: LogWriter, seconds: number): Promise<void> {
  const closed = listener.close();
  const finished = await server.drain(seconds * 1000);
  if (!finished) log.line({ event: "drain-incomplete", seconds });
  // The last answers have been sent; idle connections need not be waited for.
  await Promise.race([closed, new Promise((resolve) => setTimeout(resolve, 250))]);
  await server[Symbol.asyncDispose]();
  await log.flushed(logMs);
  process.exit(0);
}

async function tokensOf({ tokens: file }: ServeFlags): Promise<string[]> {
  const text =
    file === undefined
      ? (process.env["EDGECAP_TOKENS"] ?? "")
      : await readFile(file, "utf8").catch((cause: NodeJS.ErrnoException) => {
          throw new EdgecapError("file-unreadable", `Cannot read the tokens in "${file}": ${cause.message}.`, {
            cause,
          });
        });
  const tokens = text.split(/\s+/).filter((token) => token !== "");
  if (file !== undefined && tokens.length === 0)
    throw new EdgecapError("data-invalid", `"${file}" contains no token: write one per line.`);
  return tokens;
}
