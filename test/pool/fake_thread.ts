import type { Caption } from "../../src/caption/caption.ts";
import type { FromWorker, ToWorker } from "../../src/pool/messages.ts";

/** A worker's thread that does what a test says, at once. */
export class FakeThread extends EventTarget {
  onmessage: ((event: { data: FromWorker }) => void) | null = null;
  onerror: ((event: Event) => void) | null = null;
  /** What it was sent, except pings. */
  readonly sent: ToWorker[] = [];
  pings = 0;
  terminated = false;
  /** Whether it answers pings. */
  answersPings = true;

  postMessage(message: ToWorker): void {
    if (message.type !== "ping") this.sent.push(message);
    else {
      this.pings++;
      if (this.answersPings) this.say({ type: "pong" });
    }
  }

  terminate(): void {
    this.terminated = true;
  }

  say(message: FromWorker): void {
    this.onmessage?.({ data: message });
  }

  /** Says that it can caption. */
  ready(name = "fake", identity = "same"): void {
    this.say({ type: "ready", model: { name }, identity });
  }

  /** Fails as a thread does that throws; returns whether the failure counts as handled. */
  crash(): boolean {
    const event = new Event("error", { cancelable: true });
    this.onerror?.(event);
    return event.defaultPrevented;
  }

  /** Ids of the jobs that it got. */
  get jobs(): number[] {
    return this.sent.flatMap((message) => (message.type === "job" ? [message.id] : []));
  }

  /** Answers a job, by default the last one. */
  done(id = this.jobs.at(-1)!, ms = 0): void {
    this.say({ type: "done", id, caption: captionOf(`caption ${id}`, ms) });
  }
}

/** A caption that took so many milliseconds, in three equal parts. */
function captionOf(text: string, ms = 0): Caption {
  const third = ms / 3;
  return {
    caption: text,
    logProbability: -1,
    words: [],
    alternatives: [],
    concepts: [],
    timing: { imageMs: third, encodeMs: third, generateMs: third },
  };
}
