import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import http from "node:http";
import type { AddressInfo } from "node:net";
import fc from "fast-check";
import { AllowedHosts } from "../../src/server/allowed_hosts.ts";
import { BodyMemory } from "../../src/server/body_memory.ts";
import { fetchImage, type ImageUrlOptions } from "../../src/server/image_url.ts";
import { Problem } from "../../src/server/problem.ts";
import { example, problemCode, tinyServer } from "./tiny_server.ts";

const coffee = example("coffee.jpg");
let web: http.Server;
let port: number;
let hits = 0;

beforeAll(async () => {
  web = http.createServer((request, response) => {
    hits++;
    const { pathname, searchParams } = new URL(request.url!, "http://web");
    if (pathname === "/to") response.writeHead(302, { location: searchParams.get("url")! }).end();
    else if (pathname === "/loop") response.writeHead(302, { location: "/loop" }).end();
    else if (pathname === "/slow") response.writeHead(200).write("x");
    else if (pathname === "/endless") {
      const timer = setInterval(() => response.write(Buffer.alloc(65_536)), 1);
      response.on("close", () => clearInterval(timer));
    } else if (pathname === "/coffee.jpg") response.writeHead(200).end(coffee);
    else response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => web.listen(0, "127.0.0.1", resolve));
  port = (web.address() as AddressInfo).port;
});

afterAll(() => {
  web.closeAllConnections();
  web.close();
});

/** Fetches with names that resolve to the given addresses. */
function get(
  url: string,
  hosts: string[],
  resolve?: (host: string) => string[],
  limits: Partial<ImageUrlOptions> = {},
) {
  const options: ImageUrlOptions = {
    allowed: new AllowedHosts(hosts),
    maxBytes: 1_000_000,
    timeoutMs: 5000,
    ...(resolve && { resolve: async (host: string) => resolve(host) }),
    ...limits,
  };
  return fetchImage(url, options, new BodyMemory(1e8).share(), new AbortController().signal);
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => "no error",
    (error: unknown) => {
      if (error instanceof Problem) return error.code;
      throw error;
    },
  );
}

const loopback = "127.0.0.0/8";

/** Forms of addresses that may lead to the inside of a network: old, translated, tunnelled or incomplete ones. */
const oddAddresses = [
  ...["::127.0.0.1", "::7f00:1", "::a00:1", "::ffff:0:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b:1::7f00:1"],
  ...["2001:0:7f00:1::1", "2a00:1450::5efe:7f00:1", "2a00:1450::200:5efe:a00:1", "fec0::1", "100::1", "5f00::1"],
  ...["2001:db8::1", "3fff::1", "4000::1", "ff02::1", "fe80::1%eth0", "::1%lo"],
  ...["999.1.1.1", "1.2.3", "127.1", "0177.0.0.1", "0x7f.0.0.1", "2130706433", "0", "127.0.0.1.", " 127.0.0.1", ""],
  ...["192.0.0.8", "192.0.2.1", "192.88.99.1", "198.18.0.1", "203.0.113.9", "240.0.0.1", "100.127.255.255"],
];

describe("fetchImage()", () => {
  test("fetches from an allowed host, at an allowed address", async () => {
    const found = await get(`http://photos.test:${port}/coffee.jpg`, ["photos.test", loopback], () => ["127.0.0.1"]);
    expect(found).toEqual(coffee);
    expect(await get(`http://127.0.0.1:${port}/coffee.jpg`, [loopback])).toEqual(coffee);
  });

  test("follows redirects, and checks each", async () => {
    const resolve = (host: string) => [host === "photos.test" ? "127.0.0.1" : "10.0.0.1"];
    const hosts = ["photos.test", "inside.test", loopback];
    const to = (url: string) => `http://photos.test:${port}/to?url=${encodeURIComponent(url)}`;
    expect(await get(to("/coffee.jpg"), hosts, resolve)).toEqual(coffee);
    for (const url of [
      "http://inside.test/x",
      "http://other.test/x",
      "http://169.254.169.254/latest",
      "file:///etc/passwd",
      "http://127.0.0.2.nip.test/",
    ])
      expect([url, await codeOf(get(to(url), hosts, resolve))]).toEqual([url, "url-forbidden"]);
    expect(await codeOf(get(`http://photos.test:${port}/loop`, hosts, resolve))).toBe("url-unreachable");
  });

  test("connects to no address that is not allowed, even if only one of several is not", async () => {
    const before = hits;
    for (const address of [
      "127.0.0.1",
      "10.1.2.3",
      "172.16.0.1",
      "192.168.1.1",
      "169.254.169.254",
      "100.64.0.1",
      "0.0.0.0",
      "224.0.0.1",
      "255.255.255.255",
      "::1",
      "::",
      "fe80::1",
      "fd00::1",
      "fd00:ec2::254",
      "::ffff:127.0.0.1",
      "::ffff:a9fe:a9fe",
      "64:ff9b::7f00:1",
      "2002:7f00:1::",
      ...oddAddresses,
    ]) {
      for (const addresses of [[address], ["93.184.216.34", address]]) {
        const work = get(`http://photos.test:${port}/coffee.jpg`, ["photos.test"], () => addresses);
        expect([address, await codeOf(work)]).toEqual([address, "url-forbidden"]);
      }
    }
    expect(hits).toBe(before);
  });

  test("asks the name server once per connection, so that a second answer changes nothing", async () => {
    const answers = [["127.0.0.1"], ["10.0.0.1"]];
    let asked = 0;
    const resolve = () => answers[asked++]!;
    expect(await get(`http://photos.test:${port}/coffee.jpg`, ["photos.test", loopback], resolve)).toEqual(coffee);
    expect(asked).toBe(1);
    expect(await codeOf(get(`http://photos.test:${port}/coffee.jpg`, ["photos.test", loopback], resolve))).toBe(
      "url-forbidden",
    );
    expect(asked).toBe(2);
  });

  test("refuses addresses in disguise", async () => {
    for (const url of [
      "http://127.0.0.1/",
      "http://127.1/",
      "http://2130706433/",
      "http://0x7f.0.0.1/",
      "http://0177.0.0.1/",
      "http://[::1]/",
      "http://[::ffff:127.0.0.1]/",
      "http://[::ffff:7f00:1]/",
      "http://photos.test@127.0.0.1/",
      "http://user:pass@photos.test/",
      "http://photos.test.evil.test/",
      "ftp://photos.test/",
    ])
      expect([url, await codeOf(get(url, ["photos.test", "*.photos.test"], () => ["127.0.0.1"]))]).toEqual([
        url,
        "url-forbidden",
      ]);
  });

  test("bounds bytes and time", async () => {
    const limits = { maxBytes: 100_000, timeoutMs: 700 };
    const ask = (path: string) => codeOf(get(`http://127.0.0.1:${port}${path}`, [loopback], undefined, limits));
    expect(await ask("/endless")).toBe("body-too-large");
    expect(await ask("/slow")).toBe("url-unreachable");
    expect(await ask("/nothing")).toBe("url-unreachable");
    expect(await codeOf(get("http://127.0.0.1:1/", [loopback]))).toBe("url-unreachable");
  });
});

describe("AllowedHosts", () => {
  test("allows names exactly, by suffix, and all", () => {
    const hosts = new AllowedHosts(["photos.test", "*.example.test"]);
    for (const host of ["photos.test", "PHOTOS.test", "photos.test.", "a.example.test", "a.b.example.test"])
      expect([host, hosts.allowsHost(host)]).toEqual([host, true]);
    for (const host of ["example.test", "aphotos.test", "photos.test.evil", "xexample.test"])
      expect([host, hosts.allowsHost(host)]).toEqual([host, false]);
    expect(new AllowedHosts(["*"]).allowsHost("anything.test")).toBe(true);
  });

  test("refuses entries that are not hosts", () => {
    for (const entry of ["http://photos.test", "a b", "10.0.0.0/33", "photos.test/x", "*.*"])
      expect(() => new AllowedHosts([entry])).toThrow(entry);
  });

  test("lets public addresses through", () => {
    const hosts = new AllowedHosts(["*"]);
    for (const address of ["93.184.216.34", "8.8.8.8", "2001:4860:4860::8888", "2a00:1450::1", "::ffff:8.8.8.8"])
      expect([address, hosts.allowsAddress(address, true)]).toEqual([address, true]);
  });

  test("lets no private address through for any name, property", () => {
    const hosts = new AllowedHosts(["*"]);
    const octet = fc.integer({ min: 0, max: 255 });
    const inside = fc.oneof(
      fc.tuple(fc.constantFrom(10, 127, 0), octet, octet, octet),
      fc.tuple(fc.constant(192), fc.constant(168), octet, octet),
      fc.tuple(fc.constant(172), fc.integer({ min: 16, max: 31 }), octet, octet),
      fc.tuple(fc.constant(169), fc.constant(254), octet, octet),
      fc.tuple(fc.integer({ min: 224, max: 255 }), octet, octet, octet),
    );
    fc.assert(
      fc.property(inside, (parts) => {
        const address = parts.join(".");
        expect(hosts.allowsAddress(address, true)).toBe(false);
        for (const prefix of ["::ffff:", "::", "64:ff9b::", "::ffff:0:", "2a00:1450::5efe:"])
          expect([prefix, address, hosts.allowsAddress(prefix + address, true)]).toEqual([prefix, address, false]);
      }),
    );
  });
});

describe("an image by URL", () => {
  test("is captioned if its host is allowed, and otherwise refused", async () => {
    await using tiny = await tinyServer({ allowUrlHosts: [loopback] });
    const ask = (image: string) => tiny.post("", JSON.stringify({ image }), { "content-type": "application/json" });
    const there = await ask(`http://127.0.0.1:${port}/coffee.jpg`);
    const direct = await tiny.post("", coffee);
    expect(((await there.json()) as { caption: string }).caption).toBe(
      ((await direct.json()) as { caption: string }).caption,
    );
    const elsewhere = await ask("http://10.0.0.1/x.jpg");
    expect([elsewhere.status, await problemCode(elsewhere)]).toEqual([403, "url-forbidden"]);
    const missing = await ask(`http://127.0.0.1:${port}/nothing`);
    expect([missing.status, await problemCode(missing)]).toEqual([422, "url-unreachable"]);
  });
});
