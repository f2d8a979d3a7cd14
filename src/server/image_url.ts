import { lookup as systemLookup } from "node:dns";
import http from "node:http";
import https from "node:https";
import { isIP, type LookupFunction } from "node:net";
import type { AllowedHosts } from "./allowed_hosts.ts";
import type { MemoryShare } from "./body_memory.ts";
import { Problem } from "./problem.ts";

/** How pictures are fetched by URL. */
export interface ImageUrlOptions {
  readonly allowed: AllowedHosts;
  readonly maxBytes: number;
  /** Time for the fetch, including redirects, in milliseconds. */
  readonly timeoutMs: number;
  /** Finds the addresses of a host. Default: the system's resolver. */
  readonly resolve?: (host: string) => Promise<readonly string[]>;
}

const mostRedirects = 3;

/**
 * Fetches a picture from an address that the operator allows.
 *
 * Every address that the name resolves to is checked inside the connection's own lookup, and the connection uses one of
 * the checked addresses, so a second answer of the name server cannot lead elsewhere. Redirects are followed manually,
 * and each is checked like the first.
 *
 * @param memory The memory budget that the picture uses as it arrives.
 * @throws {Problem} `url-forbidden`, `url-unreachable`, `body-too-large` or `memory-full`.
 */
export async function fetchImage(
  text: string,
  options: ImageUrlOptions,
  memory: MemoryShare,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const deadline = AbortSignal.timeout(options.timeoutMs);
  const both = AbortSignal.any([signal, deadline]);
  let url = checkedUrl(text, options);
  for (let hop = 0; hop <= mostRedirects; hop++) {
    const answer = await get(url, options, memory, both).catch((error: unknown) => {
      if (error instanceof Problem || signal.aborted) throw error;
      const why = deadline.aborted ? `took more than ${options.timeoutMs / 1000} s` : "cannot be fetched";
      throw new Problem("url-unreachable", `The picture at "${url.host}" ${why}.`, {}, { cause: error });
    });
    if (answer instanceof Uint8Array) return answer;
    url = checkedUrl(answer.location, options, url);
  }
  throw new Problem("url-unreachable", `The picture at "${url.host}" is redirected more than ${mostRedirects} times.`);
}

function checkedUrl(text: string, { allowed }: ImageUrlOptions, base?: URL): URL {
  const url = URL.parse(text, base?.href);
  if (url === null) throw new Problem("url-unreachable", "The picture's URL is not valid: send an http or https URL.");
  if (url.protocol !== "http:" && url.protocol !== "https:")
    throw new Problem("url-forbidden", `Pictures are fetched by http and https only, not by "${url.protocol}".`);
  if (url.username !== "" || url.password !== "")
    throw new Problem("url-forbidden", "The picture's URL contains a user name: leave it out.");
  const host = hostOf(url);
  if (!(isIP(host) === 0 ? allowed.allowsHost(host) : allowed.allowsAddress(host, allowed.allowsHost(host))))
    throw new Problem(
      "url-forbidden",
      `This server may not fetch pictures from "${url.hostname}": send the picture itself.`,
    );
  return url;
}

/** The host without the brackets of an IPv6 address. */
function hostOf(url: URL): string {
  return url.hostname.replace(/^\[(.*)\]$/, "$1");
}

/** The picture, or the target of a redirect. */
function get(
  url: URL,
  { allowed, maxBytes, resolve }: ImageUrlOptions,
  memory: MemoryShare,
  signal: AbortSignal,
): Promise<Uint8Array | { location: string }> {
  const { promise, resolve: done, reject } = Promise.withResolvers<Uint8Array | { location: string }>();
  const request = (url.protocol === "https:" ? https : http).request(
    url,
    {
      lookup: checkingLookup(allowed, resolve ?? resolveHost),
      headers: { accept: "image/*", "accept-encoding": "identity" },
      // A kept connection could be reused without a lookup.
      agent: false,
      signal,
    },
    (response) => {
      const { statusCode = 0, headers } = response;
      if (statusCode >= 300 && statusCode < 400 && headers.location !== undefined) {
        request.destroy();
        done({ location: headers.location });
        return;
      }
      const refuse = (problem: Problem) => {
        reject(problem);
        request.destroy();
      };
      if (statusCode !== 200) {
        refuse(new Problem("url-unreachable", `"${url.host}" answers ${statusCode} instead of the picture.`));
        return;
      }
      const tooLarge = () =>
        refuse(
          new Problem(
            "body-too-large",
            `The picture at "${url.host}" has more than ${maxBytes} bytes: use a smaller one.`,
          ),
        );
      if (Number(headers["content-length"] ?? 0) > maxBytes) {
        tooLarge();
        return;
      }
      const chunks: Buffer[] = [];
      let length = 0;
      response.on("data", (chunk: Buffer) => {
        length += chunk.length;
        if (length > maxBytes) {
          tooLarge();
          return;
        }
        try {
          memory.take(chunk.length);
          chunks.push(chunk);
        } catch (full) {
          refuse(full as Problem);
        }
      });
      response.on("end", () => done(new Uint8Array(Buffer.concat(chunks))));
      response.on("error", reject);
    },
  );
  request.on("error", reject);
  // Some runtimes ignore the signal once the response has begun.
  signal.addEventListener("abort", () => {
    reject(signal.reason);
    request.destroy();
  });
  request.end();
  return promise;
}

/** A lookup that only returns allowed addresses, and fails if any is not allowed. */
function checkingLookup(allowed: AllowedHosts, resolve: (host: string) => Promise<readonly string[]>): LookupFunction {
  return (host, options, callback) => {
    resolve(host).then(
      (addresses) => {
        const named = allowed.allowsHost(host);
        const bad = addresses.find((address) => !allowed.allowsAddress(address, named));
        if (bad !== undefined || addresses.length === 0) {
          const message = `This server may not fetch pictures from the address of "${host}": send the picture itself.`;
          callback(new Problem("url-forbidden", message) as NodeJS.ErrnoException, "", 0);
          return;
        }
        const found = addresses.map((address) => ({ address, family: isIP(address) }));
        if (options.all === true) callback(null, found);
        else callback(null, found[0]!.address, found[0]!.family);
      },
      (error: NodeJS.ErrnoException) => callback(error, "", 0),
    );
  };
}

function resolveHost(host: string): Promise<string[]> {
  const { promise, resolve, reject } = Promise.withResolvers<string[]>();
  systemLookup(host, { all: true }, (error, found) => {
    if (error) reject(error);
    else resolve(found.map(({ address }) => address));
  });
  return promise;
}
