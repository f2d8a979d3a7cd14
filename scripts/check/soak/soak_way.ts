import { existsSync, readdirSync, readFileSync } from "node:fs";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { type SoakPicture, soakPictures } from "./pictures.ts";
import { ways } from "./ways.ts";

/** The state of the process at one moment. */
export interface Sample {
  readonly seconds: number;
  /** Resident memory. */
  readonly mebibytes: number;
  /** Open files, sockets included. */
  readonly files: number;
  /** Milliseconds of the processor since the process began, all threads together. */
  readonly processorMs: number;
  /** Pictures asked for so far. */
  readonly asked: number;
}

/** The result of soaking one way. */
export interface Soaked {
  readonly way: string;
  readonly samples: readonly Sample[];
  readonly captioned: number;
  readonly refused: number;
  /** Good pictures without a caption, bad pictures with one, and the end of the process. */
  readonly wrong: readonly string[];
  /** Milliseconds from asking for a good picture to its caption. */
  readonly times: readonly { readonly seconds: number; readonly ms: number }[];
}

/** Ticks per second: Linux gives processor times in ticks, the same on every processor. */
const ticks = 100;

function look(pid: number, seconds: number, asked: number): Sample {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const kibibytes = Number(/^VmRSS:\s+(\d+)/m.exec(status)![1]);
  // The name, in parentheses, may have spaces; after it the 12th and 13th fields are user and system time.
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
    .replace(/^.*\) /s, "")
    .split(" ");
  const processorMs = ((Number(fields[11]) + Number(fields[12])) * 1000) / ticks;
  const files = readdirSync(`/proc/${pid}/fd`).length;
  return { seconds, mebibytes: kibibytes / 1024, files, processorMs, asked };
}

/** How to soak one way. */
export interface SoakOptions {
  readonly bundle: string;
  readonly seconds: number;
  /** Milliseconds to wait after each picture. */
  readonly pause: number;
  /** Folder for what the way reads and writes. */
  readonly folder: string;
}

/** Asks one way for captions of good and bad pictures, one after another, for a number of seconds. */
export async function soakWay(name: string, { bundle, seconds, pause, folder }: SoakOptions): Promise<Soaked> {
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
  // The first pictures are slower, because nothing is warm yet.
  for (; turn < pictures.length; turn++) await one(turn, pictures[turn]!);
  const started = performance.now();
  const now = () => (performance.now() - started) / 1000;
  samples.push(look(way.pid, 0, turn));
  for (; now() < seconds; turn++) {
    const picture = pictures[turn % pictures.length]!;
    let ms: number;
    try {
      ms = await one(turn, picture);
    } catch (error) {
      // The end of the process is a result: the measurements of the other ways are kept.
      wrong.push(String(error));
      break;
    }
    if (picture.good) times.push({ seconds: now(), ms });
    if (now() - samples.at(-1)!.seconds >= seconds / 100) samples.push(look(way.pid, now(), turn + 1));
    if (pause > 0) await wait(pause);
  }
  return { way: name, samples, captioned, refused, wrong, times };
}

/** Whether a soak can be measured here: it reads /proc, which only Linux has. */
export const canSoak: boolean = existsSync("/proc/self/fd");
