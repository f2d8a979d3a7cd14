import { describe, expect, test } from "bun:test";
import { LogWriter } from "../../src/cli/log_writer.ts";

type Done = (error: Error | null, written: number) => void;

/** A sink that accepts only as much as the test allows. */
function slowPlace() {
  const waiting: { text: string; bytes: Uint8Array; done: Done }[] = [];
  return {
    waiting,
    to: (bytes: Uint8Array, done: Done) => void waiting.push({ text: new TextDecoder().decode(bytes), bytes, done }),
  };
}

describe("LogWriter", () => {
  test("writes lines that arrive during a write in one piece, in order", async () => {
    const { waiting, to } = slowPlace();
    const log = new LogWriter(to);
    for (let n = 0; n < 4; n++) log.line({ n });
    expect(waiting.map(({ text }) => text)).toEqual(['{"n":0}\n']);
    waiting[0]!.done(null, waiting[0]!.bytes.length);
    expect(waiting[1]!.text).toBe('{"n":1}\n{"n":2}\n{"n":3}\n');
    const flushed = log.flushed(60_000);
    waiting[1]!.done(null, waiting[1]!.bytes.length);
    await flushed;
    expect(waiting.length).toBe(2);
  });

  test("continues if a write was partial, or the pipe was full for a moment", async () => {
    const { waiting, to } = slowPlace();
    const log = new LogWriter(to);
    log.line({ a: 1 });
    waiting[0]!.done(null, 3);
    expect(waiting[1]!.text).toBe('":1}\n');
    waiting[1]!.done(Object.assign(new Error("full"), { code: "EAGAIN" }), 0);
    while (waiting.length < 3) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(waiting[2]!.text).toBe('":1}\n');
  });

  test("drops lines if nobody reads, and says how many once somebody does", () => {
    const { waiting, to } = slowPlace();
    const log = new LogWriter(to);
    const text = "x".repeat(10_000);
    for (let n = 0; n < 1000; n++) log.line({ text });
    waiting[0]!.done(null, waiting[0]!.bytes.length);
    const kept = waiting[1]!.text.split("\n").length;
    expect(kept).toBeLessThan(120);
    waiting[1]!.done(null, waiting[1]!.bytes.length);
    log.line({ last: true });
    expect(waiting[2]!.text).toBe(`{"event":"log-dropped","lines":${1000 - kept}}\n{"last":true}\n`);
  });

  test("stops waiting for a sink that accepts nothing", async () => {
    const { waiting, to } = slowPlace();
    const log = new LogWriter(to);
    log.line({});
    await log.flushed(20);
    expect(waiting.length).toBe(1);
  });

  test("writes text from a client as one line", () => {
    const { waiting, to } = slowPlace();
    new LogWriter(to).line({ error: 'a\r\n{"forged":true}\u2028\u0000' });
    expect(waiting[0]!.text.split("\n").length).toBe(2);
  });
});
