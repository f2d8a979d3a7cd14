/**
 * Captions good and bad pictures without a pause, with the library, the server, `edgecap batch` and `edgecap watch`,
 * and reports memory, open files and time per caption. docs/reliability.md has the figures. Linux only.
 *
 * usage: bun scripts/check/soak.ts [--seconds 300] [--bundle fast] [--ways library,server,batch,watch] [--chart FILE]
 */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { describeProcessor } from "../../src/platform/processor.ts";
import { soakChart, soakHead, soakRow } from "./soak/report.ts";
import { canSoak, type Soaked, soakWay } from "./soak/soak_way.ts";
import { ways } from "./soak/ways.ts";

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "300" },
    bundle: { type: "string", default: "fast" },
    ways: { type: "string", default: Object.keys(ways).join(",") },
    chart: { type: "string" },
  },
});
const names = values.ways.split(",");
if (!canSoak || names.some((name) => !Object.hasOwn(ways, name))) {
  console.error(canSoak ? `The ways are ${Object.keys(ways).join(", ")}.` : "This needs /proc, which only Linux has.");
  process.exit(2);
}
const folder = await mkdtemp(join(tmpdir(), "edgecap-soak-"));
try {
  const load = () => loadavg()[0]!.toFixed(1);
  console.log(`${values.seconds} s each, bundle ${values.bundle}, ${describeProcessor()}, load ${load()}\n${soakHead}`);
  const all: Soaked[] = [];
  for (const name of names) {
    const soaked = await soakWay(name, values.bundle, Number(values.seconds), folder);
    all.push(soaked);
    console.log(soakRow(soaked));
    for (const line of soaked.wrong.slice(0, 5)) console.error(line);
  }
  console.log(`load ${load()} at the end`);
  if (values.chart !== undefined) await writeFile(values.chart, await soakChart(all));
  if (all.some(({ wrong }) => wrong.length > 0)) process.exitCode = 1;
} finally {
  await rm(folder, { recursive: true });
}
