import { createHash, timingSafeEqual } from "node:crypto";
import { Problem } from "./problem.ts";

/** Bearer tokens of the server; without any, it is open to all. */
export class Tokens {
  readonly #digests: readonly Buffer[];

  constructor(tokens: readonly string[]) {
    this.#digests = tokens.map(digest);
  }

  /** Whether clients need a token. */
  get wanted(): boolean {
    return this.#digests.length > 0;
  }

  /**
   * Lets a request pass, or throws.
   *
   * @throws {Problem} `token-invalid`
   */
  check(request: Request): void {
    if (!this.wanted) return;
    const { headers } = request;
    const given =
      /^Bearer +(\S+)$/i.exec(headers.get("authorization") ?? "")?.[1] ??
      // As clients of Azure send it.
      (headers.get("ocp-apim-subscription-key") || undefined);
    const challenge = {
      "www-authenticate": `Bearer realm="edgecap"${given === undefined ? "" : ', error="invalid_token"'}`,
    };
    if (given === undefined)
      throw new Problem(
        "token-invalid",
        "This server needs a token: send the header Authorization: Bearer TOKEN.",
        challenge,
      );
    const asked = digest(given);
    // All tokens are compared, as digests of equal length, so that the time reveals nothing.
    let known = false;
    for (const one of this.#digests) known = timingSafeEqual(one, asked) || known;
    if (!known)
      throw new Problem("token-invalid", "This server does not know that token: ask its operator for one.", challenge);
  }
}

function digest(token: string): Buffer {
  return createHash("sha256").update(token).digest();
}
