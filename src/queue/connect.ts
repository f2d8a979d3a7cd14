import type { Redis } from "ioredis";
import { EdgecapError } from "../errors.ts";

/** The optional packages for queues. */
export interface QueuePackages {
  readonly bullmq: typeof import("bullmq");
  readonly ioredis: typeof import("ioredis");
}

/** A server of Redis or Valkey, and the name of a queue on it. */
export interface QueueAddress {
  /** As the user gave it, without its password. */
  readonly shown: string;
  /** The address for ioredis: `redis://`, or `rediss://` for TLS. */
  readonly url: string;
  readonly name: string;
}

/** A connection that BullMQ shares; it closes at the end of its scope. */
export interface QueueConnection extends AsyncDisposable {
  readonly address: QueueAddress;
  readonly bullmq: QueuePackages["bullmq"];
  readonly redis: Redis;
  /** Stops reconnecting to a server that is gone, so that commands that wait for it fail within some seconds. */
  giveUp(): void;
}

/** Longest wait for the server's first answer, in milliseconds. */
const connectTimeout = 5000;

const defaultName = "edgecap";

/**
 * Reads the address of a queue: `redis://[user:password@]host[:port][/database][?name=NAME]`, `rediss://` for TLS.
 * Queues of other names on a server are separate queues. Default name `edgecap`.
 *
 * @throws {EdgecapError} `option-invalid`
 */
export function parseQueueAddress(text: string): QueueAddress {
  const invalid = (why: string) =>
    new EdgecapError(
      "option-invalid",
      `--queue is "${withoutPassword(text)}": ${why}. Give an address such as redis://localhost:6379/0?name=photos.`,
    );
  const url = URL.parse(text);
  if (url === null || !["redis:", "rediss:"].includes(url.protocol)) {
    const how = text.includes("@") ? '; write "/", "@", "?" and "#" in a password as %2F, %40, %3F and %23' : "";
    throw invalid(`it must begin with redis:// or rediss://${how}`);
  }
  if (url.hostname === "") throw invalid("the host is missing");
  if (!/^(?:\/\d*)?$/.test(url.pathname)) throw invalid("the path must be the number of a database");
  const name = url.searchParams.get("name") ?? defaultName;
  if (!/^[\w.-]{1,64}$/.test(name)) {
    throw invalid(`the name "${name}" must be 1 to 64 letters, digits, "_", "." or "-"`);
  }
  url.search = "";
  return { shown: withoutPassword(url.href), url: url.href, name };
}

/** The address with *** instead of its password, wherever that ends: an unescaped one may contain "/" and "@". */
function withoutPassword(text: string): string {
  return text.replace(/^([a-z]+:\/\/)?([^:@/]*):.*@/is, "$1$2:***@").replace(/([?&]password=)[^&#]*/gi, "$1***");
}

/**
 * Connects to a queue's server, which must answer now; a connection that is lost later is restored.
 *
 * @throws {EdgecapError} `queue-unavailable` if the packages `bullmq` and `ioredis` are not installed, or the server
 *   does not answer.
 */
export async function connectQueue(address: QueueAddress): Promise<QueueConnection> {
  const { bullmq, ioredis } = await importPackages();
  let connected = false;
  let givenUp = false;
  const redis = new ioredis.Redis(address.url, {
    lazyConnect: true,
    connectTimeout,
    // Required by BullMQ: commands wait until the connection comes back.
    maxRetriesPerRequest: null,
    // Not disconnect(): called between two attempts, it would leave the waiting commands waiting for ever.
    retryStrategy: (times) => (connected && !givenUp ? Math.min(200 * times, 1000) : null),
  });
  // Without a listener ioredis prints every lost connection; each failed command reports it anyway.
  let lastError: Error | undefined;
  redis.on("error", (error: Error) => {
    lastError = error;
  });
  try {
    await redis.connect();
    await redis.ping();
    connected = true;
  } catch (cause) {
    redis.disconnect();
    const why = lastError?.message || (cause as Error).message;
    throw new EdgecapError(
      "queue-unavailable",
      `No Redis server answers at ${address.shown} (${why}): start one, or correct the address.`,
      { cause },
    );
  }
  return {
    address,
    bullmq,
    redis,
    giveUp: () => {
      givenUp = true;
    },
    [Symbol.asyncDispose]: async () => redis.disconnect(),
  };
}

/** How long to wait for a missing server after the work should have ended, in milliseconds. */
const graceMs = 2000;

/** The error of a connection whose server is gone for good. */
export interface LostConnection extends Disposable {
  /** Resolves when reconnecting has stopped. */
  readonly lost: Promise<void>;
}

/**
 * Gives up a lost connection once a signal is aborted. Otherwise commands wait for the server to come back, and the
 * work would never end.
 */
export function giveUpWhenAborted({ redis, giveUp }: QueueConnection, signal: AbortSignal): LostConnection {
  let end: () => void = () => {};
  const lost = new Promise<void>((resolve) => {
    end = resolve;
  });
  redis.once("end", end);
  let timer: ReturnType<typeof setInterval> | undefined;
  const look = () => {
    let lostAt = Number.POSITIVE_INFINITY;
    timer = setInterval(() => {
      lostAt = redis.status === "ready" ? Number.POSITIVE_INFINITY : Math.min(lostAt, performance.now());
      if (performance.now() - lostAt >= graceMs) giveUp();
    }, 100);
  };
  if (signal.aborted) look();
  else signal.addEventListener("abort", look, { once: true });
  return {
    lost,
    [Symbol.dispose]: () => {
      redis.off("end", end);
      signal.removeEventListener("abort", look);
      clearInterval(timer);
    },
  };
}

async function importPackages(): Promise<QueuePackages> {
  try {
    const [bullmq, ioredis] = await Promise.all([import("bullmq"), import("ioredis")]);
    return { bullmq, ioredis };
  } catch (cause) {
    throw new EdgecapError(
      "queue-unavailable",
      "A queue needs the packages bullmq and ioredis, which are not installed: install both beside edgecap.",
      { cause },
    );
  }
}
