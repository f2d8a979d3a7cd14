import { existsSync, readdirSync, readFileSync } from "node:fs";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type SoakPicture, soakPictures } from "./pictures.ts";
import { ways } from "./ways.ts";

/** A look at the process. */
export interface Sample {
  readonly seconds: number;
  /** Resident memory. */
  readonly mebibytes: number;
  /** Open files, sockets included. */
  readonly files: number;
}

/** What a soak of one way came to. */
export interface Soaked {
  readonly way: string;
  readonly samples: readonly Sample[];
  readonly captioned: number;
  readonly refused: number;
  /** Good pictures without their caption, and bad ones that were captioned. */
  readonly wrong: readonly string[];
  /** Milliseconds from asking for a good picture to its caption. */
  readonly times: readonly { readonly seconds: number; readonly ms: number }[];
}

function look(pid: number, seconds: number): Sample {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const kibibytes = Number(/^VmRSS:\s+(\d+)/m.exec(status)![1]);
  return { seconds, mebibytes: kibibytes / 1024, files: readdirSync(`/proc/${pid}/fd`).length };
}

/** Asks one way for captions of good and bad pictures, one after another, for a number of seconds. */
export async function soakWay(name: string, bundle: string, seconds: number, folder: string): Promise<Soaked> {
  const scratch = join(folder, name);
  await mkdir(scratch, { recursive: true });
  const pictures = soakPictures();
  const expected = new Map<string, string>();
  const samples: Sample[] = [];
  const times: { seconds: number; ms: number }[] = [];
  const wrong: string[] = [];
  let [captioned, refused] = [0, 0];

  await using way = await ways[name]!(bundle, scratch);
  const one = async (turn: number, picture: SoakPicture): Promise<number> => {
    const path = join(scratch, `${turn}.jpg`);
    await writeFile(path, picture.bytes);
    const asked = performance.now();
    const answer = await way.ask(path);
    const ms = performance.now() - asked;
    await rm(path);
    if ("error" in answer) refused++;
    else captioned++;
    if ("error" in answer === picture.good) wrong.push(`${picture.name}: ${JSON.stringify(answer)}`);
    if ("caption" in answer && picture.good) {
      const first = expected.get(picture.name) ?? answer.caption;
      expected.set(picture.name, first);
      if (first !== answer.caption) wrong.push(`${picture.name}: "${answer.caption}", not "${first}"`);
    }
    return ms;
  };

  let turn = 0;
  // The first pictures find everything cold.
  for (; turn < pictures.length; turn++) await one(turn, pictures[turn]!);
  const started = performance.now();
  const now = () => (performance.now() - started) / 1000;
  samples.push(look(way.pid, 0));
  for (; now() < seconds; turn++) {
    const picture = pictures[turn % pictures.length]!;
    const ms = await one(turn, picture);
    if (picture.good) times.push({ seconds: now(), ms });
    if (now() - samples.at(-1)!.seconds >= seconds / 100) samples.push(look(way.pid, now()));
  }
  return { way: name, samples, captioned, refused, wrong, times };
}

/** Whether a soak can be measured here: it reads what Linux says of a process. */
export const canSoak: boolean = existsSync("/proc/self/fd");
