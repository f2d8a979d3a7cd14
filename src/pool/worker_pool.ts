import type { BundleSource } from "../bundle/load_bundle.ts";
import type { Caption } from "../caption/caption.ts";
import { EdgecapError } from "../errors.ts";
import type { BackendChoice } from "../runtime/backend.ts";
import { Job, type JobRequest } from "./job.ts";
import type { FromWorker, ModelCard, ToWorker } from "./messages.ts";
import { PoolBusyError } from "./pool_busy_error.ts";
import { type CreateWorker, createCaptionWorker, type LossReason, PoolWorker } from "./pool_worker.ts";

/** The events in a pool, for metrics and the log. */
export interface PoolObserver {
  /** A job was given to a worker, with the milliseconds that it waited in the queue. */
  started?(waitMs: number): void;
  captioned?(caption: Caption): void;
  /** A worker was lost and is being replaced. */
  replaced?(reason: LossReason, message: string): void;
}

/** Options of {@linkcode WorkerPool}. */
export interface PoolOptions {
  readonly bundle: BundleSource | undefined;
  /** Default `auto`. */
  readonly backend?: BackendChoice;
  /** Threads, from 1. */
  readonly workers: number;
  /** Most waiting jobs, from 0. */
  readonly queueSize: number;
  /** Time from the arrival of a job to its answer, in milliseconds. */
  readonly deadlineMs: number;
  /** Silence after which a worker counts as hung, in milliseconds. */
  readonly hangMs: number;
  readonly createWorker?: CreateWorker | undefined;
  readonly observer?: PoolObserver;
}

interface Slot {
  worker: PoolWorker | undefined;
  ready: boolean;
  /** Resolves when the worker is ready or lost. */
  started: PromiseWithResolvers<void>;
  job: Job | undefined;
  /** How many times in a row a worker died before it was ready. */
  failedStarts: number;
}

/** Delay before restarting a worker that died before it was ready, doubled each time, in milliseconds. */
const restartMs = { first: 250, most: 30_000 };

/** Longest wait for starting workers when the pool stops, in milliseconds. */
const startMs = 10_000;

/**
 * Why a worker is refused if its bundle is not that of the others. It is tried again, and taken once the bundle is
 * back.
 */
const changedBundle = {
  type: "refused",
  code: "bundle-hash-mismatch",
  message:
    "The bundle was replaced by another one while it was in use: restart to use that, or put the first one back.",
} as const;

/** Captioning threads with a bounded queue. */
export class WorkerPool implements AsyncDisposable {
  readonly #options: PoolOptions;
  readonly #load: ToWorker;
  readonly #slots: Slot[];
  readonly #waiting: Job[] = [];
  readonly #firstReady: PromiseWithResolvers<ModelCard>;
  readonly #timers = new Set<ReturnType<typeof setTimeout>>();
  #model: ModelCard | undefined;
  /** The description of the first worker's model. */
  #identity: string | undefined;
  #nextId = 0;
  #disposed = false;
  /** Moving average of a job's time with a worker, in milliseconds. */
  #serviceMs = 0;

  constructor(options: PoolOptions) {
    this.#firstReady = Promise.withResolvers();
    this.#options = options;
    const { bundle, backend } = options;
    this.#load = { type: "load", bundle: bundle instanceof URL ? bundle.href : bundle, backend };
    this.#slots = Array.from({ length: options.workers }, () => ({
      worker: undefined,
      ready: false,
      started: Promise.withResolvers<void>(),
      job: undefined,
      failedStarts: 0,
    }));
    this.#firstReady.promise.catch(() => {});
    for (const slot of this.#slots) this.#start(slot);
  }

  /** Resolves when the first worker can caption; rejects if the bundle cannot be loaded. */
  get ready(): Promise<ModelCard> {
    return this.#firstReady.promise;
  }

  /** The model's description, once a worker has loaded it. */
  get model(): ModelCard | undefined {
    return this.#model;
  }

  /** Number of workers by state, and of waiting jobs. */
  get state(): { readonly ready: number; readonly busy: number; readonly starting: number; readonly queue: number } {
    const ready = this.#slots.filter((slot) => slot.ready).length;
    return {
      ready,
      busy: this.#slots.filter((slot) => slot.job !== undefined).length,
      starting: this.#slots.length - ready,
      queue: this.#waiting.length,
    };
  }

  /**
   * Captions a picture, in its turn.
   *
   * @throws {EdgecapError} `queue-full` or `deadline-exceeded` (a {@linkcode PoolBusyError}), both at once if the
   *   wait is expected; `worker-lost`; `draining` if the pool is disposed of; `aborted`; and what the captioner throws.
   */
  caption(request: JobRequest): Promise<Caption> {
    const { queueSize, deadlineMs } = this.#options;
    if (request.signal.aborted) return Promise.reject(aborted(request.signal));
    if (this.#disposed) return Promise.reject(stopping());
    const idle = this.#slots.some((slot) => slot.ready && slot.job === undefined);
    if (!idle && this.#waiting.length >= queueSize)
      return Promise.reject(this.#busy("queue-full", `All ${queueSize} places in the queue are taken`));
    if (!idle && this.#expectedWaitMs() > deadlineMs)
      return Promise.reject(this.#busy("deadline-exceeded", "This request would wait too long"));
    const job = new Job(this.#nextId++, request, deadlineMs);
    job.watch(
      () => this.#giveUp(job, aborted(request.signal)),
      () => this.#giveUp(job, this.#busy("deadline-exceeded", "The answer took too long")),
    );
    this.#waiting.push(job);
    this.#dispatch();
    return job.result;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#disposed = true;
    for (const timer of this.#timers) clearTimeout(timer);
    const gone = stopping();
    this.#firstReady.reject(gone);
    for (const job of this.#waiting.splice(0)) job.reject(gone);
    for (const slot of this.#slots) {
      slot.job?.reject(gone);
    }
    // Stopping a thread while it loads native code would crash the process.
    await Promise.race([Promise.all(this.#slots.map((slot) => slot.worker && slot.started.promise)), timeUp(startMs)]);
    for (const slot of this.#slots) slot.worker?.[Symbol.dispose]();
  }

  #start(slot: Slot): void {
    slot.started = Promise.withResolvers();
    slot.worker = new PoolWorker(this.#options.createWorker ?? createCaptionWorker, this.#load, this.#options.hangMs, {
      onReady: (model, identity) => {
        this.#identity ??= identity;
        // Workers with different models would give one photo different captions.
        if (identity !== this.#identity) return changedBundle;
        slot.ready = true;
        slot.started.resolve();
        slot.failedStarts = 0;
        this.#model ??= model;
        this.#firstReady.resolve(model);
        this.#dispatch();
        return undefined;
      },
      onMessage: (message) => this.#answer(slot, message),
      onLost: (reason, detail) => this.#replace(slot, reason, detail),
    });
  }

  #replace(slot: Slot, reason: LossReason, detail: Extract<FromWorker, { type: "refused" }> | undefined): void {
    const { job } = slot;
    const wasReady = slot.ready;
    slot.started.resolve();
    slot.worker = undefined;
    slot.ready = false;
    slot.job = undefined;
    if (detail?.code !== undefined) this.#firstReady.reject(new EdgecapError(detail.code, detail.message));
    this.#options.observer?.replaced?.(reason, detail?.message ?? `A worker was lost: ${reason}.`);
    if (job !== undefined && !job.settled) {
      if (job.attempts < 2) this.#waiting.unshift(job);
      else
        job.reject(
          new EdgecapError(
            "worker-lost",
            "Two workers crashed or hung on this picture, so it will not be tried again.",
          ),
        );
    }
    const wait = wasReady ? 0 : Math.min(restartMs.first * 2 ** slot.failedStarts++, restartMs.most);
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      if (!this.#disposed) this.#start(slot);
    }, wait);
    this.#timers.add(timer);
    this.#dispatch();
  }

  #dispatch(): void {
    for (const slot of this.#slots) {
      if (!slot.ready || slot.job !== undefined || slot.worker === undefined) continue;
      const job = this.#waiting.shift();
      if (job === undefined) return;
      slot.job = job;
      if (job.attempts === 0) this.#options.observer?.started?.(performance.now() - job.queued);
      job.begin();
      const { image, options, onWord } = job.request;
      slot.worker.send({ type: "job", id: job.id, image, options, words: onWord !== undefined });
    }
  }

  #answer(slot: Slot, message: Extract<FromWorker, { id: number }>): void {
    const { job } = slot;
    if (job === undefined || job.id !== message.id) return;
    if (message.type === "word") {
      if (!job.settled) job.tell(message.word);
      return;
    }
    slot.job = undefined;
    if (message.type === "done") {
      const { imageMs, encodeMs, generateMs } = message.caption.timing;
      const ms = imageMs + encodeMs + generateMs;
      this.#serviceMs += (ms - this.#serviceMs) / (this.#serviceMs === 0 ? 1 : 8);
      this.#options.observer?.captioned?.(message.caption);
      job.resolve(message.caption);
    } else {
      const { code, message: text } = message;
      job.reject(code === undefined ? new Error(text) : new EdgecapError(code, text));
    }
    this.#dispatch();
  }

  /** Frees the job's place, in the queue at once, with a worker at its next message. */
  #giveUp(job: Job, why: unknown): void {
    const place = this.#waiting.indexOf(job);
    if (place !== -1) this.#waiting.splice(place, 1);
    this.#slots.find((slot) => slot.job === job)?.worker?.send({ type: "abort", id: job.id });
    job.reject(why);
  }

  #expectedWaitMs(): number {
    return ((this.#waiting.length + 1) * this.#serviceMs) / this.#slots.length;
  }

  #busy(code: "queue-full" | "deadline-exceeded", what: string): PoolBusyError {
    return new PoolBusyError(code, what, Math.max(1, Math.ceil(this.#expectedWaitMs() / 1000)));
  }
}

function timeUp(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds).unref());
}

function stopping(): PoolBusyError {
  return new PoolBusyError("draining", "The workers are stopping", 5);
}

function aborted(signal: AbortSignal): EdgecapError {
  return new EdgecapError("aborted", "The client disconnected.", { cause: signal.reason });
}
