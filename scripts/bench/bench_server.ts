/**
 * Measures the server in one run, over the loopback address: throughput with one worker and with two, compared with the
 * bare encoder and decoder; latencies; the possible gain of batches; and the effect of many mixed requests, a fifth of
 * them broken, and of a killed worker. Rounds are interleaved and ratios printed, so that noise affects all of them
 * equally.
 *
 * usage: bun run bench:server [--seconds N] [--requests N] [--tiny] [--json]
 *   --seconds   length of each measurement (default 12)
 *   --requests  how many mixed requests (default 5000)
 *   --tiny      use a tiny model for the mixed requests, which is quick
 */
import { availableParallelism, loadavg } from "node:os";
import { parseArgs } from "node:util";
import { load } from "../../src/mod.ts";
import { describeProcessor } from "../../src/platform/processor.ts";
import { tinyBundleFiles } from "../../test/fixtures/tiny_bundle.ts";
import { benchBatch } from "./server/batch.ts";
import { expectedCaptions, photos } from "./server/load.ts";
import { benchKill, benchMixed } from "./server/mixed.ts";
import { benchThroughput } from "./server/throughput.ts";

/** A line of the table. */
export interface Row {
  readonly what: string;
  readonly value: number;
  readonly unit: string;
  readonly aim?: string;
}

const { values: flags } = parseArgs({
  options: {
    seconds: { type: "string", default: "12" },
    requests: { type: "string", default: "5000" },
    tiny: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
  },
});
const rows: Row[] = [];
const note = (found: readonly Row[]) => {
  for (const { what, value, unit } of found) process.stderr.write(`${what}: ${value.toPrecision(3)} ${unit}\n`);
  rows.push(...found);
};

note([
  { what: "cores", value: availableParallelism(), unit: "" },
  { what: "load of the machine before", value: loadavg()[0]!, unit: "" },
]);
note(await benchBatch());
note(await benchThroughput(Number(flags.seconds)));
const bundle = flags.tiny ? await tinyBundleFiles() : undefined;
const expected = await (async () => {
  await using captioner = await load({ bundle });
  return await expectedCaptions(captioner, photos);
})();
note(await benchKill(bundle, expected));
note(await benchMixed(bundle, expected, Number(flags.requests)));
note([{ what: "load of the machine after", value: loadavg()[0]!, unit: "" }]);

const processor = describeProcessor();
if (flags.json) process.stdout.write(`${JSON.stringify({ processor, rows }, null, 2)}\n`);
else {
  const lines = rows.map(
    ({ what, value, unit, aim }) => `| ${what} | ${value.toPrecision(3)} | ${unit} | ${aim ?? ""} |`,
  );
  process.stdout.write(
    `${processor}, ${availableParallelism()} cores.\n\n| what | value | unit | aim |\n| --- | ---: | --- | --- |\n${lines.join("\n")}\n`,
  );
}
