/**
 * Captions good and bad pictures with the library, the server, `edgecap batch` and `edgecap watch`, and reports
 * memory, open files and time per caption. docs/reliability.md has the figures. Linux only.
 *
 * usage: bun scripts/check/soak.ts [--seconds 300] [--bundle fast] [--ways library,server,batch,watch] [--together]
 *          [--pause MS] [--chart FILE] [--samples FILE]
 *
 * --together runs the ways at the same time, not one after another. --pause waits after each picture, so that other
 * programs have the processor. --chart writes memory over time as an SVG, --samples all that was measured as JSON.
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
    together: { type: "boolean", default: false },
    pause: { type: "string", default: "0" },
    chart: { type: "string" },
    samples: { type: "string" },
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
  const order = values.together ? "at the same time" : "one after another";
  const pace = `${values.seconds} s each ${order}, ${values.pause} ms between pictures, bundle ${values.bundle}`;
  console.log(`${pace}, ${describeProcessor()}, load ${load()}\n${soakHead}`);
  const [seconds, pause] = [Number(values.seconds), Number(values.pause)];
  const soak = async (name: string): Promise<Soaked> => {
    const soaked = await soakWay(name, { bundle: values.bundle, seconds, pause, folder });
    console.log(soakRow(soaked));
    for (const line of soaked.wrong.slice(0, 5)) console.error(line);
    return soaked;
  };
  const all: Soaked[] = [];
  if (values.together) all.push(...(await Promise.all(names.map(soak))));
  else for (const name of names) all.push(await soak(name));
  console.log(`load ${load()} at the end`);
  if (values.chart !== undefined) await writeFile(values.chart, await soakChart(all));
  if (values.samples !== undefined) await writeFile(values.samples, JSON.stringify(all));
  if (all.some(({ wrong }) => wrong.length > 0)) process.exitCode = 1;
} finally {
  await rm(folder, { recursive: true });
}
