import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { EdgecapError } from "../../src/errors.ts";
import { connectQueue, parseQueueAddress } from "../../src/queue/connect.ts";
import { codeOf } from "../code_of.ts";

describe("parseQueueAddress()", () => {
  test("reads server, database and name", () => {
    expect(parseQueueAddress("redis://localhost")).toEqual({
      shown: "redis://localhost",
      url: "redis://localhost",
      name: "edgecap",
    });
    expect(parseQueueAddress("rediss://me:secret@queue.example:6380/2?name=photos.2")).toEqual({
      shown: "rediss://me:***@queue.example:6380/2",
      url: "rediss://me:secret@queue.example:6380/2",
      name: "photos.2",
    });
  });

  test("refuses what is no address, and shows no password", () => {
    for (const text of [
      ...["", "localhost:6379", "http://localhost", "redis://", "redis://host/photos", "redis://host/0/1"],
      ...["redis://host?name=", "redis://host?name=a:b", "redis://me:secret@host/x"],
    ]) {
      expect(() => parseQueueAddress(text)).toThrow(EdgecapError);
      expect(() => parseQueueAddress(text)).toThrow(/^--queue is "(?!.*secret)/);
    }
  });

  test("reads any text or refuses it", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.webUrl()), (text) => {
        try {
          parseQueueAddress(text.replace(/^https?/, "redis"));
        } catch (error) {
          expect(error).toBeInstanceOf(EdgecapError);
        }
      }),
    );
  });
});

test("connectQueue() says at once where no server answers", async () => {
  const address = parseQueueAddress("redis://127.0.0.1:1");
  expect(await codeOf(connectQueue(address))).toBe("queue-unavailable");
  await expect(connectQueue(address)).rejects.toThrow("No Redis server answers at redis://127.0.0.1:1 (");
});
