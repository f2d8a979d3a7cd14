/**
 * Kills `edgecap watch` again and again, and says whether each picture has its caption in the end:
 *
 *     bun scripts/check/kill_watch.ts [--kills 100] [--pictures 400] [--seed 1] [--write json|sidecar|picture]
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type KilledForm, killWatch } from "../../test/fixtures/kill_watch.ts";

const { values } = parseArgs({
  options: {
    kills: { type: "string", default: "100" },
    pictures: { type: "string", default: "400" },
    seed: { type: "string", default: "1" },
    write: { type: "string", default: "json" },
  },
});
const forms: readonly KilledForm[] = ["json", "sidecar", "picture"];
const folder = await mkdtemp(join(tmpdir(), "edgecap-kills-"));
try {
  const form = forms.find((one) => one === values.write) ?? "json";
  const options = {
    form,
    kills: Number(values.kills),
    pictures: Number(values.pictures),
    seed: Number(values.seed),
  } as const;
  const { kills, captioned, wrong } = await killWatch(folder, options, (now) =>
    console.log(`killed at ${now} pictures`),
  );
  console.log(`${kills} kills, ${options.pictures} pictures captioned ${captioned} times, ${wrong.length} wrong`);
  if (wrong.length > 0) process.exitCode = 1;
  for (const name of wrong.slice(0, 10)) console.error(name);
} finally {
  await rm(folder, { recursive: true });
}
