import type { Speech } from "../language/speech.ts";
import type { State } from "../photo.ts";

/** How many photos are in each state. */
export type Counts = Readonly<Record<State, number>>;

/** Counts photos by their state. */
export function countsOf(states: Iterable<State>): Counts {
  const counts = { waiting: 0, working: 0, done: 0, unsure: 0, failed: 0 };
  for (const state of states) counts[state]++;
  return counts;
}

/** Photos that need no more work, and all of them. */
export function progressOf({ waiting, working, done, unsure, failed }: Counts): { ended: number; all: number } {
  const ended = done + unsure + failed;
  return { ended, all: ended + waiting + working };
}

/** State of a queue of captions. */
export interface Standing {
  /** Whether it was stopped with photos waiting. */
  readonly stopped: boolean;
  /** Seconds that the server asked to wait. */
  readonly pause?: number | undefined;
}

/** Describes the progress of the photos, in parts separated by middle dots: "5 of 12 done · 1 failed". */
export function summaryOf(counts: Counts, { stopped, pause }: Standing, speech: Speech): string {
  const { ended, all } = progressOf(counts);
  const parts = [speech.say("doneOf", { done: speech.number(ended), all: speech.number(all) })];
  if (counts.failed > 0) parts.push(speech.count("failedCount", counts.failed));
  if (counts.unsure > 0) parts.push(speech.count("unsureCount", counts.unsure));
  if (stopped) parts.push(speech.count("waitingCount", counts.waiting));
  else if (pause !== undefined) parts.push(speech.say("busyPause", { wait: speech.seconds(pause) }));
  return parts.join(" · ");
}
