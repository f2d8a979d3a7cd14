/** Texts from a client stay texts: in the log, in the metrics, in headers, and in pages that a browser shows. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import parsePrometheus from "parse-prometheus-text-format";
import { Cors } from "../../src/server/cors.ts";
import { Metrics } from "../../src/server/metrics.ts";
import { page } from "../../src/server/page/page.ts";
import { RequestLog } from "../../src/server/request_log.ts";
import { representationFor } from "../../src/server/responses.ts";
import { Tokens } from "../../src/server/tokens.ts";
import { processorTime } from "../processor_time.ts";
import { isWhole, rawExchange } from "./raw_http.ts";
import { example, type TinyServer, tinyServer } from "./tiny_server.ts";

const coffee = example("coffee.jpg");
const mark = "INJECTED";
let tiny: TinyServer;

beforeAll(async () => {
  tiny = await tinyServer();
});

afterAll(() => tiny[Symbol.asyncDispose]());

/** Texts that would end a line, a label, a string or a tag. */
const texts = [
  `a%0d%0a${mark}: 1`,
  `a"} 1%0a${mark}{a="`.replaceAll(" ", "%20"),
  `<script>${mark}</script>`,
  `${mark}\\",\\"forged\\":true`,
  `%e2%80%a8${mark}`,
  `%00${mark}`,
];

describe("the log and the metrics", () => {
  test("contain no text that a client made up", async () => {
    for (const text of texts) {
      for (const head of [
        `GET /${text} HTTP/1.1\r\nHost: localhost`,
        `POST /models/${text} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0`,
        `GET /v1/models/${text} HTTP/1.1\r\nHost: localhost`,
        `GET /api/${text} HTTP/1.1\r\nHost: localhost`,
        `GET /healthz?${text} HTTP/1.1\r\nHost: localhost`,
        `GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Request-Id: ${text}`,
        `GET /healthz HTTP/1.1\r\nHost: localhost\r\nUser-Agent: ${text}\r\nOrigin: ${text}\r\nAccept: ${text}`,
        `POST /v1/captions?${text}=1 HTTP/1.1\r\nHost: localhost\r\nContent-Type: ${text}\r\nContent-Length: 0`,
        `GET /healthz HTTP/1.1\r\nHost: ${text}`,
        `${mark} /healthz HTTP/1.1\r\nHost: localhost`,
      ])
        await rawExchange(tiny.url, `${head}\r\nConnection: close\r\n\r\n`, { until: isWhole, limitMs: 5000 });
    }
    const metrics = await (await fetch(`${tiny.url}/metrics`)).text();
    expect(metrics).not.toContain(mark);
    const routes = parsePrometheus(metrics).find(({ name }) => name === "edgecap_http_requests_total")!.metrics;
    const known = [
      "/",
      "/v1/captions",
      "/v1/models",
      "/models/{id}",
      "/healthz",
      "/readyz",
      "/metrics",
      "/openapi",
      "/openapi.json",
      "/v1/chat/completions",
      "/v1/responses",
      "/v1/models/{id}",
      "/api/generate",
      "/api/chat",
      "/api/show",
      "/api/tags",
      "/api/ps",
      "/api/version",
      "other",
    ];
    for (const { labels } of routes) expect(known).toContain(labels!["route"]!);
    expect(tiny.log.length).toBeGreaterThan(texts.length * 5);
    expect(JSON.stringify(tiny.log)).not.toContain(mark);
  });

  test("give an error's text in one line of JSON", async () => {
    const lines: string[] = [];
    const log = new RequestLog(new Metrics(), (line) => void lines.push(JSON.stringify(line)));
    const failed = Promise.reject(new Error(`a\r\n{"status":200}\u0000${mark}`));
    await log.around(new Request("http://localhost/"), failed, new Cors([])).catch(() => {});
    expect(lines.map((line) => line.split(/[\r\n\0]/).length)).toEqual([1]);
  });
});

describe("what a browser may be made to show", () => {
  test("applies to everything except the page, and allows nothing", async () => {
    const form = new FormData();
    form.append("image", new Blob([coffee]), `<img src=x onerror=${mark}>.jpg`);
    for (const response of [
      await tiny.post("", form, {}),
      await fetch(`${tiny.url}/<script>${mark}</script>`),
      await tiny.post(`?${encodeURIComponent(`<script>${mark}</script>`)}=1`, coffee),
      await fetch(`${tiny.url}/metrics`),
      await tiny.post("", coffee, { "content-type": "image/jpeg", accept: "text/plain" }),
    ]) {
      expect(response.headers.get("content-type")).toMatch(/^(application\/(problem\+)?json|text\/plain)/);
      expect(response.headers.get("x-content-type-options")).toBe("nosniff");
      expect(response.headers.get("content-security-policy")).toBe("default-src 'none'; frame-ancestors 'none'");
      await response.body?.cancel();
    }
  });

  test("is the page, with a policy that names its own script and style alone", async () => {
    const policy = (await fetch(`${tiny.url}/`)).headers.get("content-security-policy")!;
    const rules = new Map(policy.split("; ").map((rule) => [rule.split(" ")[0]!, rule.split(" ").slice(1)] as const));
    expect(rules.get("default-src")).toEqual(["'none'"]);
    for (const name of ["script-src", "style-src"]) expect(rules.get(name)!.join(" ")).toMatch(/^'sha256-[\w+/]+=*'$/);
    expect(policy).not.toMatch(/unsafe|https?:|\*/);
    for (const name of ["base-uri", "form-action", "frame-ancestors", "trusted-types"])
      expect([name, rules.get(name)]).toEqual([name, ["'none'"]]);
  });
});

describe("long headers", () => {
  const read: Record<string, (value: string) => unknown> = {
    "if-none-match": (value) => page(new Request("http://localhost/", { headers: { "if-none-match": value } })),
    accept: (value) => {
      try {
        return representationFor(new Request("http://localhost/", { headers: { accept: value } }));
      } catch (error) {
        return error;
      }
    },
    authorization: (value) => {
      try {
        return new Tokens(["a"]).check(new Request("http://localhost/", { headers: { authorization: value } }));
      } catch (error) {
        return error;
      }
    },
  };
  for (const [name, take] of Object.entries(read)) {
    test(`${name} takes no time that grows faster than its length`, () => {
      for (const part of [" ", "\t", ",", ", ", ' ,"', "a/b;", '; a="', ";q", "Bearer ", "W/", "*"]) {
        const took = processorTime();
        take(`x${part.repeat(60_000)}x`);
        take(`Bearer ${part.repeat(60_000)}x`);
        expect([name, part, took() < 1500]).toEqual([name, part, true]);
      }
    });
  }
});
