import { describe, expect, test } from "bun:test";
import { Interrupted, withInterruptMessage } from "../../src/cli/interrupt.ts";
import { EdgecapError, permissionMissing, throwIfAborted } from "../../src/errors.ts";

describe("withInterruptMessage()", () => {
  test("gives the message if Ctrl-C ended the work, with the state at that time", async () => {
    const controller = new AbortController();
    let pictures = 0;
    const stopped = withInterruptMessage(
      async () => {
        pictures = 3;
        // As interruptSignal() does.
        controller.abort(new EdgecapError("aborted", "Interrupted."));
        throwIfAborted(controller.signal);
      },
      () => `: ${pictures} pictures are kept.`,
    );
    await expect(stopped).rejects.toThrow("Interrupted: 3 pictures are kept.");
    await expect(stopped).rejects.toBeInstanceOf(Interrupted);
    await expect(stopped).rejects.toHaveProperty("code", "aborted");
  });

  test("does not change results and other errors", async () => {
    expect(await withInterruptMessage(async () => 7, String)).toBe(7);
    const other = new EdgecapError("file-unwritable", "Cannot write.");
    await expect(withInterruptMessage(() => Promise.reject(other), String)).rejects.toBe(other);
  });
});

describe("permissionMissing()", () => {
  test("names the permission, also for an error that its lack caused, and does not change other errors", () => {
    const refused = new Error('Requires read access to "/photos/a.jpg", run again with the --allow-read flag');
    refused.name = "NotCapable";
    for (const error of [refused, new Error("Cannot read.", { cause: refused })]) {
      const found = permissionMissing(error);
      expect([found?.code, found?.message]).toEqual([
        "permission-missing",
        'Deno lacks a permission that edgecap needs: read access to "/photos/a.jpg". Start it with --allow-read.',
      ]);
    }
    expect(permissionMissing(new Error("Requires read access"))).toBe(undefined);
    expect(permissionMissing("Requires read access")).toBe(undefined);
  });
});
