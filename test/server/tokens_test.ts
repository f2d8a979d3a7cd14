import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { Problem } from "../../src/server/problem.ts";
import { Tokens } from "../../src/server/tokens.ts";

/** The refusal of a request with these headers; `undefined` if it may pass. */
function refusal(tokens: readonly string[], headers: Record<string, string>): Problem | undefined {
  try {
    new Tokens(tokens).check(new Request("http://localhost/v1/captions", { headers }));
    return undefined;
  } catch (error) {
    if (error instanceof Problem) return error;
    throw error;
  }
}

const token = fc.stringMatching(/^[A-Za-z0-9._~+/=-]{1,40}$/);

describe("Tokens", () => {
  test("let everybody pass if there are none", () => {
    expect(new Tokens([]).wanted).toBe(false);
    expect(new Tokens(["one"]).wanted).toBe(true);
    expect(refusal([], {})).toBeUndefined();
    expect(refusal([], { authorization: "Bearer wrong" })).toBeUndefined();
  });

  test("let each of them pass, in either header, and no other, property", () => {
    fc.assert(
      fc.property(fc.uniqueArray(token, { minLength: 1, maxLength: 4 }), token, (tokens, other) => {
        for (const one of tokens)
          for (const headers of [
            { authorization: `Bearer ${one}` },
            { authorization: `bearer   ${one}` },
            { "ocp-apim-subscription-key": one },
          ])
            expect(refusal(tokens, headers)).toBeUndefined();
        const isKnown = tokens.includes(other);
        expect(refusal(tokens, { authorization: `Bearer ${other}` }) === undefined).toBe(isKnown);
        expect(refusal(tokens, { "ocp-apim-subscription-key": other }) === undefined).toBe(isKnown);
        expect(refusal(tokens, { authorization: `Bearer ${tokens[0]}x` }) === undefined).toBe(
          tokens.includes(`${tokens[0]}x`),
        );
      }),
    );
  });

  test("say whether a token is missing or wrong", () => {
    const missing: readonly Record<string, string>[] = [
      {},
      { authorization: "" },
      { authorization: "one" },
      { authorization: "Bearer" },
      { authorization: "Bearer one two" },
      { authorization: "a Bearer one" },
      { authorization: "Basic one" },
      { "ocp-apim-subscription-key": "" },
    ];
    for (const headers of missing) {
      const problem = refusal(["one"], headers)!;
      expect([headers, problem.code, problem.message]).toEqual([
        headers,
        "token-invalid",
        "This server needs a token: send the header Authorization: Bearer TOKEN.",
      ]);
      expect(problem.headers).toEqual({ "www-authenticate": 'Bearer realm="edgecap"' });
    }
    for (const headers of [{ authorization: "Bearer two" }, { "ocp-apim-subscription-key": "two" }]) {
      const problem = refusal(["one"], headers)!;
      expect([problem.code, problem.message]).toEqual([
        "token-invalid",
        "This server does not know that token: ask its operator for one.",
      ]);
      expect(problem.headers).toEqual({ "www-authenticate": 'Bearer realm="edgecap", error="invalid_token"' });
    }
  });

  test("take the header Authorization first", () => {
    const headers = { authorization: "Bearer wrong", "ocp-apim-subscription-key": "one" };
    expect(refusal(["one"], headers)?.code).toBe("token-invalid");
  });
});
