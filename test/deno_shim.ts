/** Maps the part of `bun:test` that the suite uses onto Deno's `node:test` and the `expect` package. */
export { after as afterAll, afterEach, before as beforeAll, beforeEach, describe, it as test } from "node:test";
export { expect } from "expect";
