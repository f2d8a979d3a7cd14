/**
 * For any target and host of a request, byte by byte: no protected route answers without a token, and no request
 * reaches another route than its path names.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { listen } from "../../src/server/mod.ts";
import { isWhole, type RawAnswer, rawExchange } from "./raw_http.ts";
import { type TinyServer, tinyServer } from "./tiny_server.ts";

let open: TinyServer;
let guarded: TinyServer;

beforeAll(async () => {
  [open, guarded] = await Promise.all([tinyServer(), tinyServer({ tokens: ["secret"] })]);
});

afterAll(async () => {
  await open[Symbol.asyncDispose]();
  await guarded[Symbol.asyncDispose]();
});

const onBun = "Bun" in globalThis;
const protectedPaths = ["/v1/models", "/metrics"];
const openPaths = ["/healthz", "/readyz", "/openapi", "/"];

/** Targets that a parser of URLs may or may not take for `path`. */
function targetsOf(path: string): string[] {
  const name = path.slice(1);
  const first = name[0] ?? "";
  const encoded = `%${first.charCodeAt(0).toString(16)}${name.slice(1)}`;
  return [
    path,
    `${path}/`,
    `${path}?x=1`,
    `${path}#x`,
    `${path};x`,
    `${path}%00`,
    `${path}%20`,
    `${path}.`,
    `${path}/.`,
    `${path}/x/..`,
    `/./${name}`,
    `/x/../${name}`,
    `/models/../${name}`,
    `/models/%2e%2e/${name}`,
    `/models/.%2E/${name}`,
    `/healthz/../${name}`,
    `/healthz/%2e%2e/${name}`,
    `/healthz\\..\\${name}`,
    `/openapi/..;/${name}`,
    `//${name}`,
    `///${name}`,
    `//healthz/../${name}`,
    `/${name.replaceAll("/", "%2f")}`,
    `/${encoded}`,
    `/${name.toUpperCase()}`,
    `/?/${name}`,
    `/#/${name}`,
    `http://localhost/${name}`,
    `HTTP://LOCALHOST/${name}`,
    `http://other/${name}`,
    `http://other#/${name}`,
    `http://other?/${name}`,
    `http://a:b@other/${name}`,
    `http://other/healthz/../${name}`,
    `http://other/healthz#/../${name}`,
    `http://other\\@healthz/${name}`,
    `https://localhost/${name}`,
    `ftp://localhost/${name}`,
    `healthz:${path}`,
    name === "" ? "x" : name,
    `*`,
    `?${path}`,
  ];
}

const hosts = [
  "localhost",
  "LOCALHOST",
  "localhost.",
  "localhost:80",
  "localhost:",
  "127.0.0.1:1",
  "[::1]:80",
  "localhost?",
  "localhost#",
  "localhost/",
  "localhost/healthz",
  "localhost/healthz?",
  "localhost/healthz#",
  "localhost\\",
  "localhost%2fhealthz",
  "a@localhost",
  "a:b@localhost",
  "localhost@",
  "loc%61lhost",
  "localhost:99999",
  "localhost:x",
  "localhost, localhost",
  "[::1",
  "[x]",
  "a b",
  "\u00e4",
  "",
];

function ask(
  server: { readonly url: string },
  target: string,
  host: string | undefined,
  method = "GET",
  more = "",
): Promise<RawAnswer> {
  const hostLine = host === undefined ? "" : `Host: ${host}\r\n`;
  const version = host === undefined ? "1.0" : "1.1";
  const length = method === "POST" ? "Content-Length: 0\r\n" : "";
  const text = `${method} ${target} HTTP/${version}\r\n${hostLine}${length}${more}Connection: close\r\n\r\n`;
  return rawExchange(server.url, text, { until: isWhole, limitMs: 30_000 });
}

/** The route that gave an answer, recognised by something that only this route answers. */
function answeredBy({ status, text }: RawAnswer): string {
  if (status === 0 || status >= 400) return /"code":"([a-z-]+)"/.exec(text)?.[1] ?? "refused by the runtime";
  if (text.includes('"models":[')) return "/v1/models";
  if (text.includes("edgecap_http_requests_total")) return "/metrics";
  if (text.includes('"status":"alive"')) return "/healthz";
  if (text.includes('"status":"ready"')) return "/readyz";
  if (text.includes('"openapi":"3.1.0"')) return "/openapi";
  if (text.includes("<!doctype html>")) return "/";
  throw new Error(`Nobody answers like this: ${text.slice(0, 300)}`);
}

/**
 * The path that a request names, by the web's own parser; `undefined` if the target is not one. On routes for clients of
 * other servers, slashes in a row count as one.
 */
function pathOf(target: string): string | undefined {
  // Bun reads the target itself: all up to the first slash is the host, which it takes from the header.
  const read = onBun ? target.replace(/^(https?:\/\/)[^/?]*/i, "$1localhost") : target;
  const url = URL.parse(read.startsWith("/") ? `http://localhost${read}` : read);
  if (url === null || !/^https?:$/.test(url.protocol)) return undefined;
  const single = url.pathname.replaceAll(/\/{2,}/g, "/");
  const path = single.startsWith("/v1/") ? single : url.pathname;
  return path.replace(/([^/])\/$/, "$1");
}

/** Does some work for each item, 16 at a time, and gives the results. */
async function all<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (let i = 0; i < items.length; i += 16) results.push(...(await Promise.all(items.slice(i, i + 16).map(work))));
  return results;
}

const targets = [...protectedPaths, ...openPaths].flatMap(targetsOf);

describe("request targets", () => {
  test("lead to the route that their path names, or are refused", async () => {
    const found = await all([...new Set(targets)], async (target) => {
      const answered = answeredBy(await ask(open, target, "localhost"));
      return { target, answered, path: pathOf(target) };
    });
    for (const { target, answered, path } of found) {
      const known = [...protectedPaths, ...openPaths].includes(path ?? "");
      // A runtime may refuse what it cannot make sense of itself; none may answer something else.
      const fair = known
        ? [path, "refused by the runtime"]
        : ["route-unknown", "request-invalid", "refused by the runtime", "method-not-allowed"];
      if (!fair.includes(answered)) throw new Error(`${target} names ${path}, and gets ${answered}.`);
    }
    // Plain ones are answered by all.
    for (const path of [...protectedPaths, ...openPaths])
      expect(found.find(({ target }) => target === path)!.answered).toBe(path);
  });

  test("open nothing that needs a token, whatever the host", async () => {
    const asked = [
      ...[...new Set(targets)].map((target) => ({ target, host: "localhost" as string | undefined })),
      ...[undefined, ...hosts].flatMap((host) =>
        [...protectedPaths, "/healthz/../v1/models", "//v1/models", "/models/../healthz"].map((target) => ({
          target,
          host,
        })),
      ),
    ];
    const before = guarded.log.length;
    const found = await all(asked, async ({ target, host }) => {
      const answer = await ask(guarded, target, host);
      return { target, host, answer, answered: answeredBy(answer) };
    });
    for (const { target, host, answered } of found) {
      if (protectedPaths.includes(answered))
        throw new Error(`Host "${host}", target "${target}": ${answered} answers.`);
      const path = pathOf(target);
      if (openPaths.includes(answered) && path !== answered)
        throw new Error(`Host "${host}", target "${target}": ${answered} answers in place of ${path}.`);
    }
    expect(guarded.log.length).toBeGreaterThan(before);
    expect(guarded.log.filter(({ route, status }) => status === 200 && protectedPaths.includes(String(route)))).toEqual(
      [],
    );
    // The same with a token, so that what is refused above is not refused by mistake.
    const token = "Authorization: Bearer secret\r\n";
    for (const target of ["/v1/models", "/v1/./models", "/healthz/../v1/models", "http://localhost/v1/models"])
      expect([target, answeredBy(await ask(guarded, target, "localhost", "GET", token))]).toEqual([
        target,
        "/v1/models",
      ]);
  });

  test("open no caption without a token", async () => {
    const routes = ["/v1/captions", "/", "/models/x"].flatMap(targetsOf);
    const found = await all([...new Set(routes)], async (target) => ({
      target,
      answer: await ask(guarded, target, "localhost", "POST"),
    }));
    const refused = ["token-invalid", "request-invalid", "refused by the runtime", "method-not-allowed"];
    const answered = found.map(({ target, answer }) => [target, answeredBy(answer)] as const);
    expect(answered.filter(([, answer]) => !refused.includes(answer))).toEqual([]);
  });
});

describe("hosts", () => {
  const good = /^(?:localhost|LOCALHOST|localhost\.|localhost:80|localhost:|127\.0\.0\.1:1|\[::1\]:80|)$/;

  test("that make no sense get a problem of status 400, which is logged and counted", async () => {
    for (const host of hosts) {
      const before = open.log.length;
      const answer = await ask(open, "/v1/models", host);
      expect([host, answer.status]).toEqual([host, good.test(host) ? 200 : 400]);
      if (answeredBy(answer) === "refused by the runtime") continue;
      expect([host, open.log.length - before]).toEqual([host, 1]);
      if (answer.status === 400) expect(open.log.at(-1)).toMatchObject({ status: 400, code: "request-invalid" });
    }
    const metrics = await (await fetch(`${open.url}/metrics`)).text();
    expect(metrics).toMatch(/^edgecap_problems_total\{code="request-invalid"\} [1-9]/m);
    expect(metrics).toMatch(/^edgecap_http_requests_total\{route="other",method="GET",status="400"\} [1-9]/m);
  });

  test("may be missing, as in HTTP/1.0", async () => {
    const answer = await ask(open, "/v1/models", undefined);
    expect([answer.status, answeredBy(answer)]).toEqual([200, "/v1/models"]);
    expect(answeredBy(await ask(guarded, "/v1/models", undefined))).toBe("token-invalid");
    expect(answeredBy(await ask(guarded, "//other/v1/models", undefined))).toBe("token-invalid");
  });

  test("of strangers are refused if no token is needed, on an address of this machine", async () => {
    for (const host of [
      "evil.example",
      "evil.example:3000",
      "localhost.evil.example",
      "127.0.0.1.evil.example",
      "xlocalhost",
    ]) {
      expect([host, answeredBy(await ask(open, "/v1/models", host))]).toEqual([host, "host-forbidden"]);
      expect([host, answeredBy(await ask(open, "/", host))]).toEqual([host, "host-forbidden"]);
      expect([host, answeredBy(await ask(open, "/healthz", host))]).toEqual([host, "host-forbidden"]);
      expect([host, answeredBy(await ask(guarded, "/healthz", host))]).toEqual([host, "/healthz"]);
    }
    for (const host of ["localhost:1", "app.localhost", "10.1.2.3", "[fe80::1]:3000"])
      expect([host, answeredBy(await ask(open, "/v1/models", host))]).toEqual([host, "/v1/models"]);
  });
});

describe("listen({ hosts })", () => {
  test("adds names, or allows any", async () => {
    await using other = await tinyServer();
    const found: unknown[] = [];
    for (const names of [["captions.example.org", "*.example.net"], ["*"]]) {
      const listener = await listen(other.server, { port: 0, hosts: names });
      for (const host of ["captions.example.org:80", "a.example.net", "example.net", "localhost"])
        found.push([host, (await ask({ ...other, url: listener.url }, "/healthz", host)).status]);
      await listener.close(true);
    }
    expect(found).toEqual([
      ["captions.example.org:80", 200],
      ["a.example.net", 200],
      ["example.net", 403],
      ["localhost", 200],
      ["captions.example.org:80", 200],
      ["a.example.net", 200],
      ["example.net", 200],
      ["localhost", 200],
    ]);
    await expect(listen(other.server, { port: 0, hosts: ["a/b"] })).rejects.toThrow('"a/b"');
  });
});

describe("methods", () => {
  test("that no route has are refused, and do not appear in the metrics", async () => {
    for (const method of ["CONNECT", "TRACE", "TRACK", "FOO", "PROPFIND", "get", "PURGE"]) {
      const { status } = await ask(open, "/v1/models", "localhost", method);
      // A connection without an answer, 400 and 405 are fair.
      expect([method, [0, 400, 404, 405, 501, 505].includes(status)]).toEqual([method, true]);
    }
    const metrics = await (await fetch(`${open.url}/metrics`)).text();
    expect(metrics).not.toMatch(/FOO|PROPFIND|PURGE|TRACK/);
  });
});

describe("paths", () => {
  const allow = async (method: string, target: string) => {
    const { status, text } = await ask(open, target, "localhost", method);
    return [status, /^allow: *(.*?)\r$/im.exec(text)?.[1]];
  };

  test("say which methods they take, HEAD among them", async () => {
    for (const [method, target, allowed] of [
      ["PUT", "/", "GET, HEAD, POST"],
      ["DELETE", "/v1/models", "GET, HEAD"],
      ["OPTIONS", "/v1/captions", "POST"],
      ["HEAD", "/v1/captions", "POST"],
      ["POST", "/v1/models/x", "GET, HEAD"],
      ["GET", "/computervision/imageanalysis:analyze", "POST"],
    ] as const)
      expect([target, ...(await allow(method, target))]).toEqual([target, 405, allowed]);
  });

  test("need an id if they end with one", async () => {
    expect((await ask(open, "/models/", "localhost", "POST")).status).toBe(404);
    expect((await ask(open, "/models/x", "localhost", "POST")).status).toBe(422);
    expect(answeredBy(await ask(open, "/v1/models/", "localhost"))).toBe("/v1/models");
  });

  test("of documents that ask for what is beside them have one form", async () => {
    const { status, text } = await ask(open, "/docs/", "localhost");
    expect([status, /^location: *(.*?)\r$/im.exec(text)?.[1]]).toEqual([302, "../docs"]);
    expect((await ask(open, "/docs", "localhost")).status).toBe(200);
  });
});

describe("pages of other sites", () => {
  const post = (server: TinyServer, more: string) => ask(server, "/v1/captions", "localhost", "POST", more);

  test("are refused before any work, unless their origin is named", async () => {
    for (const more of [
      "Origin: https://evil.example\r\nSec-Fetch-Site: cross-site\r\n",
      "Origin: http://localhost:8000\r\nSec-Fetch-Site: same-site\r\n",
      "Sec-Fetch-Site: cross-site\r\n",
      "Origin: https://evil.example\r\n",
      "Origin: null\r\n",
    ])
      expect([more, answeredBy(await post(open, more))]).toEqual([more, "origin-forbidden"]);
    for (const more of ["", "Sec-Fetch-Site: same-origin\r\nOrigin: http://localhost\r\n", "Sec-Fetch-Site: none\r\n"])
      expect([more, answeredBy(await post(open, more))]).toEqual([more, "image-empty"]);
    for (const more of ["Origin: http://8.8.8.8\r\n", "Origin: http://[2606:4700::1]\r\n"])
      expect([more, answeredBy(await post(open, more))]).toEqual([more, "origin-forbidden"]);
    await using named = await tinyServer({ corsOrigins: ["https://app.example"] });
    const more = "Sec-Fetch-Site: cross-site\r\nOrigin: https://app.example\r\n";
    expect(answeredBy(await post(named, more))).toBe("image-empty");
  });

  test("are refused by their origin where any host is allowed, as on a network, to which browsers send no site", async () => {
    const listener = await listen(open.server, { port: 0, hosts: ["*"] });
    for (const [host, origin, answer] of [
      ["192.168.1.7:3000", "http://192.168.1.7:3000", "image-empty"],
      ["captions.example.org", "http://captions.example.org", "image-empty"],
      // As a proxy passes on that takes https.
      ["Captions.example.org", "https://captions.example.org", "image-empty"],
      ["[fe80::1]:3000", "http://[fe80::1]:3000", "image-empty"],
      ["192.168.1.7:3000", "http://192.168.1.7:8000", "origin-forbidden"],
      ["192.168.1.7:3000", "http://evil.example", "origin-forbidden"],
      ["192.168.1.7:3000", "http://8.8.8.8", "origin-forbidden"],
      ["192.168.1.7:3000", "http://localhost:3000", "origin-forbidden"],
      ["192.168.1.7:3000", "null", "origin-forbidden"],
      ["192.168.1.7:3000", "http://192.168.1.7:3000 http://evil.example", "origin-forbidden"],
      ["", "http://evil.example", "origin-forbidden"],
    ] as const) {
      const answered = await ask(listener, "/v1/captions", host, "POST", `Origin: ${origin}\r\n`);
      expect([host, origin, answeredBy(answered)]).toEqual([host, origin, answer]);
    }
    await listener.close(true);
  });
});
