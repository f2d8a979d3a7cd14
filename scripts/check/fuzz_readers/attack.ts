import fc from "fast-check";
import { EdgecapError } from "../../../src/errors.ts";
import { Problem } from "../../../src/server/problem.ts";

/** Something that reads what others wrote. */
export interface Reader {
  readonly name: string;
  /** Its inputs. */
  readonly input: fc.Arbitrary<unknown>;
  /**
   * Reads it, and uses the result as edgecap does.
   *
   * @throws {EdgecapError} or {@linkcode Problem} if it refuses the input. Anything else that it throws is a fault.
   */
  readonly read: (input: unknown) => unknown;
}

/** Makes a reader of inputs of one type. */
export function reader<T>(name: string, input: fc.Arbitrary<T>, read: (input: T) => unknown): Reader {
  return { name, input, read: read as (input: unknown) => unknown };
}

/** The result of attacking a reader. */
export interface Report {
  readonly name: string;
  readonly runs: number;
  readonly read: number;
  /** How often the reader refused, by code. */
  readonly refused: ReadonlyMap<string, number>;
  /** Processor time of the longest run, in milliseconds. */
  readonly longestMs: number;
  /** The input that was neither read nor refused, as fast-check shows it, with the seed that finds it again. */
  readonly fault: string | undefined;
}

/** Most processor time of a run, in milliseconds. Time by the clock would depend on other programs. */
const mostMs = 2000;

/** Reads a number of inputs, and stops at the first that the reader neither reads nor refuses with a code. */
export async function attack({ name, input, read }: Reader, runs: number, seed: number): Promise<Report> {
  const refused = new Map<string, number>();
  const report = { runs: 0, read: 0, longestMs: 0 };
  const property = fc.asyncProperty(input, async (given) => {
    report.runs++;
    const before = process.cpuUsage();
    try {
      await read(given);
      report.read++;
    } catch (error) {
      if (!(error instanceof EdgecapError || error instanceof Problem)) throw error;
      refused.set(error.code, (refused.get(error.code) ?? 0) + 1);
    }
    const { user, system } = process.cpuUsage(before);
    const ms = (user + system) / 1000;
    report.longestMs = Math.max(report.longestMs, ms);
    if (ms > mostMs) throw new Error(`It took ${Math.round(ms)} ms of the processor.`);
  });
  const details = await fc.check(property, { numRuns: runs, seed });
  const error = details.errorInstance;
  const why = error instanceof Error ? error.stack : String(error);
  const fault = details.failed ? `${fc.defaultReportMessage(details)}\n${why}` : undefined;
  return { name, ...report, refused, fault };
}
