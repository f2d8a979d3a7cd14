import { createHash, timingSafeEqual } from "node:crypto";
import { Problem } from "./problem.ts";

/** Bearer tokens that open the server; none at all leave it open. */
export class Tokens {
  readonly #digests: readonly Buffer[];

  constructor(tokens: readonly string[]) {
    this.#digests = tokens.map(digest);
  }

  /** Whether anybody is asked for a token. */
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
    const given = /^Bearer +(\S+)$/i.exec(request.headers.get("authorization") ?? "")?.[1];
    const challenge = {
      "www-authenticate": `Bearer realm="edgecap"${given === undefined ? "" : ', error="invalid_token"'}`,
    };
    if (given === undefined)
      throw new Problem(
        "token-invalid",
        "This server wants a token: send the header Authorization: Bearer TOKEN.",
        challenge,
      );
    const asked = digest(given);
    // All are compared, and digests of one length, so that the time says nothing of any token.
    let known = false;
    for (const one of this.#digests) known = timingSafeEqual(one, asked) || known;
    if (!known) throw new Problem("token-invalid", "This server does not know that token.", challenge);
  }
}

function digest(token: string): Buffer {
  return createHash("sha256").update(token).digest();
}
