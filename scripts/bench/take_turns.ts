import { createInterface } from "node:readline";
import { Readable } from "node:stream";

/** What is measured, in a separate process. */
export interface Runner {
  readonly name: string;
  /**
   * Prints `ready`, then an answer for each line on its standard input: milliseconds, or JSON of them with a `total`.
   */
  readonly command: readonly string[];
  /**
   * Whether the process is started for each round. Then `total` is the time until it prints something, and `end` the
   * time until it has ended.
   */
  readonly whole?: boolean;
  /** Environment in addition to that of this process. */
  readonly env?: Readonly<Record<string, string>>;
}

/** Milliseconds of each round, by part; `total` is always there. */
export type Samples = Readonly<Record<string, readonly number[]>>;

/** The samples of a runner. */
export interface Measured {
  readonly name: string;
  readonly samples: Samples;
}

/** Content of a runner's line. */
export function parseSample(line: string): Readonly<Record<string, number>> {
  const parsed: unknown = JSON.parse(line);
  return typeof parsed === "number" ? { total: parsed } : (parsed as Record<string, number>);
}

/** Pause before each turn, in milliseconds: the threads of the previous runner still look for work for a while. */
const restMs = 100;

/**
 * Lets runners take turns, so that other work on the machine affects all of them equally.
 *
 * @param note Called with what does not start and is left out.
 */
export async function takeTurns(
  runners: readonly Runner[],
  rounds: number,
  note: (text: string) => void,
): Promise<Measured[]> {
  const turns: { name: string; turn: () => Promise<string>; end: () => void; samples: Record<string, number[]> }[] = [];
  try {
    for (const runner of runners) {
      const started = runner.whole === true ? wholeProcess(runner) : await resident(runner);
      if (started === undefined) note(`${runner.name} was left out: it does not start here.`);
      else turns.push({ name: runner.name, ...started, samples: {} });
    }
    for (let round = 0; round < rounds; round++) {
      for (const { turn, samples } of turns) {
        await Bun.sleep(restMs);
        for (const [part, ms] of Object.entries(parseSample(await turn()))) {
          samples[part] ??= [];
          samples[part].push(ms);
        }
      }
    }
  } finally {
    for (const { end } of turns) end();
  }
  return turns.map(({ name, samples }) => ({ name, samples }));
}

async function resident({ name, command, env }: Runner) {
  const child = Bun.spawn([...command], {
    stdin: "pipe",
    stdout: "pipe",
    stderr: "ignore",
    env: { ...process.env, ...env },
  });
  const lines = createInterface({ input: Readable.fromWeb(child.stdout) })[Symbol.asyncIterator]();
  const next = async (): Promise<string | undefined> => {
    const { value, done } = await lines.next();
    return done === true ? undefined : value;
  };
  if (!(await next())?.startsWith("ready")) {
    child.kill();
    return undefined;
  }
  return {
    turn: async () => {
      child.stdin.write("run\n");
      child.stdin.flush();
      const line = await next();
      if (line === undefined) throw new Error(`${name} ended while it was measured.`);
      return line;
    },
    end: () => child.kill(),
  };
}

function wholeProcess({ name, command, env }: Runner) {
  return {
    turn: async () => {
      const started = performance.now();
      const child = Bun.spawn([...command], { stdout: "pipe", stderr: "ignore", env: { ...process.env, ...env } });
      let first: number | undefined;
      for await (const _ of child.stdout) first ??= performance.now() - started;
      const ended = performance.now() - started;
      if ((await child.exited) !== 0 || first === undefined) throw new Error(`${name} failed: ${command.join(" ")}`);
      return JSON.stringify({ total: first, end: ended });
    },
    end: () => {},
  };
}
