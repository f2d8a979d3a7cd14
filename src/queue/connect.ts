import type { Redis } from "ioredis";
import { EdgecapError } from "../errors.ts";

/** The packages behind queues, which are optional. */
export interface QueuePackages {
  readonly bullmq: typeof import("bullmq");
  readonly ioredis: typeof import("ioredis");
}

/** A server of Redis or Valkey, and the name of a queue on it. */
export interface QueueAddress {
  /** As the user gave it, without its password. */
  readonly shown: string;
  /** As ioredis takes it: `redis://`, or `rediss://` for TLS. */
  readonly url: string;
  readonly name: string;
}

/** A connection that BullMQ shares; it ends with its scope. */
export interface QueueConnection extends AsyncDisposable {
  readonly address: QueueAddress;
  readonly bullmq: QueuePackages["bullmq"];
  readonly redis: Redis;
  /** Tries no more to reach a server that is gone: what waits for it fails within some seconds. */
  giveUp(): void;
}

/** Longest wait for the server's first answer, in milliseconds. */
const connectTimeout = 5000;

const defaultName = "edgecap";

/**
 * Reads the address of a queue: `redis://[user:password@]host[:port][/database][?name=NAME]`, `rediss://` for TLS. Queues of other
 * names on a server are other queues. Default name `edgecap`.
 *
 * @throws {EdgecapError} `option-invalid`
 */
export function parseQueueAddress(text: string): QueueAddress {
  const invalid = (why: string) =>
    new EdgecapError(
      "option-invalid",
      `--queue is "${withoutPassword(text)}": ${why}. Give for instance redis://localhost:6379/0?name=photos.`,
    );
  const url = URL.parse(text);
  if (url === null || !["redis:", "rediss:"].includes(url.protocol)) {
    const how = text.includes("@") ? '; write "/", "@", "?" and "#" in a password as %2F, %40, %3F and %23' : "";
    throw invalid(`it must be an address that begins with redis:// or rediss://${how}`);
  }
  if (url.hostname === "") throw invalid("it names no host");
  if (!/^(?:\/\d*)?$/.test(url.pathname)) throw invalid("what follows the host must be the number of a database");
  const name = url.searchParams.get("name") ?? defaultName;
  if (!/^[\w.-]{1,64}$/.test(name)) {
    throw invalid(`the name "${name}" must be 1 to 64 letters, digits, "_", "." or "-"`);
  }
  url.search = "";
  return { shown: withoutPassword(url.href), url: url.href, name };
}

/** The address with *** in the place of its password, wherever that ends: one that is not escaped may hold "/" and "@". */
function withoutPassword(text: string): string {
  return text.replace(/^([a-z]+:\/\/)?([^:@/]*):.*@/is, "$1$2:***@").replace(/([?&]password=)[^&#]*/gi, "$1***");
}

/**
 * Connects to a queue's server, which must answer now; a connection that is lost later is made again.
 *
 * @throws {EdgecapError} `queue-unavailable` where the packages `bullmq` and `ioredis` are not installed, or the server
 *   does not answer.
 */
export async function connectQueue(address: QueueAddress): Promise<QueueConnection> {
  const { bullmq, ioredis } = await importPackages();
  let connected = false;
  let givenUp = false;
  const redis = new ioredis.Redis(address.url, {
    lazyConnect: true,
    connectTimeout,
    // BullMQ asks for it: commands wait for a connection that comes back.
    maxRetriesPerRequest: null,
    // Not by disconnect(), which between two attempts leaves the waiting commands waiting.
    retryStrategy: (times) => (connected && !givenUp ? Math.min(200 * times, 1000) : null),
  });
  // Without a listener ioredis prints every lost connection; each command that it breaks says so itself.
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
      `No Redis server answers at ${address.shown} (${why}): start one, or mend the address.`,
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

/** A server that is not there for so long after the work was to end is not waited for, in milliseconds. */
const graceMs = 2000;

/** The end of a connection whose server is gone for good. */
export interface LostConnection extends Disposable {
  /** Kept once nobody tries to reach the server any more. */
  readonly lost: Promise<void>;
}

/**
 * Gives a lost connection up once a signal is aborted: commands wait for a server that comes back, so that without it the work
 * would not end.
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
      "A queue needs the packages bullmq and ioredis, which are not installed here: install both beside edgecap.",
      { cause },
    );
  }
}
