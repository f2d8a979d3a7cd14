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

  test("refuses what is not an address, and shows no password", () => {
    for (const text of [
      ...["", "localhost:6379", "http://localhost", "redis://", "redis://host/photos", "redis://host/0/1"],
      ...["redis://host?name=", "redis://host?name=a:b", "redis://me:secret@host/x"],
    ]) {
      expect(() => parseQueueAddress(text)).toThrow(EdgecapError);
      expect(() => parseQueueAddress(text)).toThrow(/^--queue is "(?!.*secret)/);
    }
  });

  test("shows no password, whatever it holds and wherever it stands", () => {
    for (const text of [
      ...["redis://me:sec/ret@host", "redis://me:sec@ret@host", "redis://:sec?ret@host/1", "redis://me:sec#ret@host"],
      ...["redis:me:secret@host", "me:sec/ret@host:6379", "http://me:sec/ret@host", "redis://me:sec ret@ho st"],
      ...["redis://me:sec:ret@host", "redis://host/x?password=secret&name=a", "REDIS://me:sec\nret@host/x"],
    ]) {
      let said = "";
      try {
        const address = parseQueueAddress(text);
        said = address.shown;
      } catch (error) {
        expect(error).toBeInstanceOf(EdgecapError);
        said = (error as EdgecapError).message;
      }
      expect([text, said]).toEqual([text, expect.not.stringMatching(/sec|ret\b/)]);
    }
    expect(() => parseQueueAddress("redis://me:sec/ret@host")).toThrow("%2F");
    expect(parseQueueAddress("redis://me:sec%2Fret@host").url).toBe("redis://me:sec%2Fret@host");
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

test("connectQueue() says at once if no server answers", async () => {
  const address = parseQueueAddress("redis://127.0.0.1:1");
  expect(await codeOf(connectQueue(address))).toBe("queue-unavailable");
  await expect(connectQueue(address)).rejects.toThrow("No Redis server answers at redis://127.0.0.1:1 (");
});
