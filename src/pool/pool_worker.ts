import { startThread } from "#threads";
import { turnTelemetryOff } from "../platform/telemetry.ts";
import type { FromWorker, ModelCard, ToWorker } from "./messages.ts";

/** Starts the thread of a worker; tests and benchmarks replace it by their own. */
export type CreateWorker = () => Worker;

/** Starts the thread that captions. */
export function createCaptionWorker(): Worker {
  // On Node a thread gets a copy of the environment when it starts; a thread that lacks a variable reports it itself.
  turnTelemetryOff().catch(() => {});
  // In an executable a thread's module is named by its path from the root of the sources, on every system.
  const inExecutable = /^file:.*\/(\$bunfs|~BUN)\//.test(import.meta.url);
  const module = inExecutable ? "./pool/worker.ts" : new URL("./worker.ts", import.meta.url).href;
  return startThread(module);
}

/** Why a worker is gone. */
export type LossReason = "crashed" | "hung" | "refused";

type Refusal = Extract<FromWorker, { type: "refused" }>;

/** The events that a {@linkcode PoolWorker} reports to its pool. */
export interface PoolWorkerEvents {
  /** Returns a reason to refuse the worker, if there is one. */
  readonly onReady: (model: ModelCard, identity: string) => Refusal | undefined;
  readonly onMessage: (message: Extract<FromWorker, { id: number }>) => void;
  /** Called once, when the thread has died, hangs, or cannot load the bundle. */
  readonly onLost: (reason: LossReason, detail: Refusal | undefined) => void;
}

/** How often a worker is pinged, in milliseconds. */
const pingMs = 500;

/** One thread of the pool, with its supervision. */
export class PoolWorker implements Disposable {
  readonly #thread: Worker;
  readonly #events: PoolWorkerEvents;
  readonly #watch: ReturnType<typeof setInterval>;
  #lastSign = performance.now();
  #lastLook = performance.now();
  #ended = false;

  /**
   * @param hangMs Silence after which a worker counts as hung, in milliseconds. A worker answers between two runs of a
   *   graph, so this is many times the longest run.
   */
  constructor(create: CreateWorker, load: ToWorker, hangMs: number, events: PoolWorkerEvents) {
    this.#events = events;
    this.#thread = create();
    this.#thread.onmessage = ({ data }: MessageEvent<FromWorker>) => this.#receive(data);
    this.#thread.onerror = (event) => {
      event.preventDefault();
      this.#lose("crashed");
    };
    this.#thread.addEventListener("close", () => this.#lose("crashed"));
    this.#thread.addEventListener("messageerror", () => this.#lose("crashed"));
    this.send(load);
    this.#watch = setInterval(() => this.#look(hangMs), Math.min(pingMs, hangMs / 4));
  }

  /** Sends the thread a message, which is lost if the thread dies before reading it. */
  send(message: ToWorker): void {
    this.#thread.postMessage(message);
  }

  [Symbol.dispose](): void {
    if (this.#ended) return;
    this.#ended = true;
    clearInterval(this.#watch);
    this.#thread.terminate();
  }

  #receive(message: FromWorker): void {
    if (this.#ended) return;
    this.#lastSign = performance.now();
    if (message.type === "ready") {
      const refusal = this.#events.onReady(message.model, message.identity);
      if (refusal !== undefined) this.#lose("refused", refusal);
    } else if (message.type === "refused") this.#lose("refused", message);
    else if (message.type !== "pong") this.#events.onMessage(message);
  }

  #look(hangMs: number): void {
    const now = performance.now();
    // If this thread or the machine was suspended, the worker is not to blame for the silence.
    const slept = now - this.#lastLook > hangMs / 2;
    this.#lastLook = now;
    if (slept) this.#lastSign = now;
    if (now - this.#lastSign > hangMs) this.#lose("hung");
    else this.send({ type: "ping" });
  }

  #lose(reason: LossReason, detail?: Refusal): void {
    if (this.#ended) return;
    this[Symbol.dispose]();
    this.#events.onLost(reason, detail);
  }
}
