import { availableParallelism } from "node:os";
import type { BundleSource } from "../bundle/load_bundle.ts";
import { anyModel, type CaptionSettings, resolveOptions } from "../caption/options.ts";
import { EdgecapError } from "../errors.ts";
import { defaultMaxPixels, highestMaxPixels } from "../image/max_pixels.ts";
import type { CreateWorker } from "../pool/pool_worker.ts";
import type { BackendChoice } from "../runtime/backend.ts";
import { AllowedHosts } from "./allowed_hosts.ts";

/** One line of the log, about one request or one event. */
export type LogLine = Readonly<Record<string, string | number | undefined>>;

/** Options of a server; all have defaults. */
export interface ServerOptions {
  /** Folder or URL of a bundle, `transformers:PATH`, or its files. Default: the bundle that comes with edgecap. */
  readonly bundle?: BundleSource;
  /** The backend that executes the graphs; see `load`. Default `auto`. */
  readonly backend?: BackendChoice;
  /** Captioning threads, 1 to 256. Default: one per core. */
  readonly workers?: number;
  /** Most pictures waiting for a worker, 0 to 100,000. Default 64. */
  readonly queueSize?: number;
  /** Time from a picture's arrival to its answer, in milliseconds. Default 30,000. */
  readonly deadlineMs?: number;
  /** Silence after which a worker counts as hung and is replaced, in milliseconds. Default 20,000. */
  readonly hangMs?: number;
  /** Memory of the cache of captions, in bytes; 0 for none. Default 32 MiB. */
  readonly cacheBytes?: number;
  /** Most bytes of a request's body. Default 20 MiB. */
  readonly maxBodyBytes?: number;
  /**
   * Most memory for the bodies and pictures of all open requests together, in bytes; at least one body's. Default 256
   * MiB, or four bodies if that is more.
   */
  readonly bodyMemoryBytes?: number;
  /** Time for a request's body to arrive, in milliseconds. Default 15,000. */
  readonly bodyTimeoutMs?: number;
  /** Most pictures per request. Default 16. */
  readonly maxImages?: number;
  /** Most pixels of a picture, 1 to 1,000,000,000. Default 128 million. */
  readonly maxPixels?: number;
  /** Form of the captions for clients that do not set these options. Default: the model's own words. */
  readonly defaults?: Pick<CaptionSettings, "maxCharacters" | "neutral" | "sentence" | "minConfidence">;
  /** Bearer tokens, one of which clients must send. Default: none, so anybody may use the server. */
  readonly tokens?: readonly string[];
  /** Origins whose pages may call, or `*`. Default: none. */
  readonly corsOrigins?: readonly string[];
  /** Hosts to fetch pictures from by URL; see {@linkcode AllowedHosts}. Default: none. */
  readonly allowUrlHosts?: readonly string[];
  /** Time to fetch a picture by URL, in milliseconds. Default 10,000. */
  readonly urlTimeoutMs?: number;
  /** Called with each line of the log. Default: no log. */
  readonly log?: (line: LogLine) => void;
  /** Starts a worker's thread. Default: the captioning one; tests replace it. */
  readonly createWorker?: CreateWorker;
}

/** Options with their defaults. */
export type ServerConfig = Required<Omit<ServerOptions, "bundle" | "createWorker" | "allowUrlHosts">> &
  Pick<ServerOptions, "bundle" | "createWorker"> & { readonly allowed: AllowedHosts };

/**
 * Fills in defaults.
 *
 * @throws {EdgecapError} `option-invalid`, quoting name, value and range.
 */
export function resolveConfig(options: ServerOptions): ServerConfig {
  const whole = (name: keyof ServerOptions, fallback: number, low: number, high: number): number => {
    const value = options[name] ?? fallback;
    if (typeof value !== "number" || !Number.isInteger(value) || value < low || value > high)
      throw new EdgecapError(
        "option-invalid",
        `${name} is ${String(value)}: it must be a whole number from ${low} to ${high}.`,
      );
    return value;
  };
  const maxBodyBytes = whole("maxBodyBytes", 20 * 2 ** 20, 1, 2 ** 30);
  const tokens = options.tokens ?? [];
  if (tokens.some((token) => !/^\S+$/.test(token)))
    throw new EdgecapError("option-invalid", "A token is empty or contains a space: give tokens without spaces.");
  return {
    ...(options.bundle !== undefined && { bundle: options.bundle }),
    ...(options.createWorker && { createWorker: options.createWorker }),
    backend: options.backend ?? "auto",
    workers: whole("workers", Math.min(availableParallelism(), 256), 1, 256),
    queueSize: whole("queueSize", 64, 0, 100_000),
    deadlineMs: whole("deadlineMs", 30_000, 1, 3_600_000),
    hangMs: whole("hangMs", 20_000, 100, 3_600_000),
    cacheBytes: whole("cacheBytes", 32 * 2 ** 20, 0, Number.MAX_SAFE_INTEGER),
    maxBodyBytes,
    bodyMemoryBytes: whole("bodyMemoryBytes", Math.max(256 * 2 ** 20, maxBodyBytes * 4), maxBodyBytes, 2 ** 40),
    bodyTimeoutMs: whole("bodyTimeoutMs", 15_000, 1, 3_600_000),
    maxImages: whole("maxImages", 16, 1, 1000),
    maxPixels: whole("maxPixels", defaultMaxPixels, 1, highestMaxPixels),
    urlTimeoutMs: whole("urlTimeoutMs", 10_000, 1, 3_600_000),
    defaults: checkedDefaults(options.defaults ?? {}),
    tokens,
    corsOrigins: (options.corsOrigins ?? []).map(checkedOrigin),
    allowed: new AllowedHosts(options.allowUrlHosts ?? []),
    log: options.log ?? (() => {}),
  };
}

function checkedDefaults(defaults: NonNullable<ServerOptions["defaults"]>): NonNullable<ServerOptions["defaults"]> {
  resolveOptions(defaults, anyModel);
  return defaults;
}

/** The origin of an app or of a browser's extension, of which URL's own `origin` says "null". */
const appOrigin = /^(?!https?:|file:|data:|blob:)[a-z][a-z0-9+.-]*:\/\/[a-z0-9._-]+(?::\d{1,5})?$/;

function checkedOrigin(text: string): string {
  if (text === "*" || URL.parse(text)?.origin === text || appOrigin.test(text)) return text;
  throw new EdgecapError(
    "option-invalid",
    `"${text}" is not an origin: give a scheme and a host, such as https://example.org or app://obsidian.md.`,
  );
}
