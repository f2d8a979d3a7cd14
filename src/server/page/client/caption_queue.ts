import type { Caption } from "../../../caption/caption.ts";
import type { Photo } from "./photo.ts";
import { type Problem, problemOf } from "./problem.ts";

/** Requests at once: enough to keep a small server at work, and few enough to leave others a turn. */
const atOnce = 3;

/** How often a photo is tried if the server is busy, and the longest wait between two tries, in seconds. */
const mostTries = 10;
const longestWait = 60;

/** The parts that the caller of a queue provides. */
export interface QueueParts {
  ask(photo: Photo, signal: AbortSignal): Promise<Caption>;
  /** Called after every change. @param photo The photo that changed; `undefined` if the queue itself did. */
  changed(photo?: Photo): void;
  /** Waits. Rejects if `signal` is aborted. */
  sleep(milliseconds: number, signal: AbortSignal): Promise<void>;
}

/** Captions photos in the order in which they came, a limited number at once. */
export class CaptionQueue {
  readonly #parts: QueueParts;
  readonly #waiting = new Set<Photo>();
  readonly #running = new Map<Photo, AbortController>();
  #stopped = false;
  #problem: Problem | undefined;
  #pause: number | undefined;

  constructor(parts: QueueParts) {
    this.#parts = parts;
  }

  /** Whether photos wait and none is being captioned, because a person or a problem stopped the queue. */
  get stopped(): boolean {
    return this.#stopped && this.#waiting.size > 0;
  }

  /** Whether photos wait or are being captioned. */
  get busy(): boolean {
    return !this.#stopped && this.#waiting.size + this.#running.size > 0;
  }

  /** The problem that stopped it; `undefined` if a person did. */
  get problem(): Problem | undefined {
    return this.#problem;
  }

  /** Seconds that a busy server asked to wait, during that wait. */
  get pause(): number | undefined {
    return this.#pause;
  }

  /** Adds photos at the end. */
  add(photos: Iterable<Photo>): void {
    // All stopped photos are gone, and the stop does not apply to new ones.
    if (this.#waiting.size === 0) {
      this.#stopped = false;
      this.#problem = undefined;
    }
    for (const photo of photos) if (!this.#running.has(photo)) this.#waiting.add(photo);
    this.#fill();
    this.#parts.changed();
  }

  /** Removes a photo, whether it waits or is being captioned. @returns Whether it was in the queue. */
  remove(photo: Photo): boolean {
    const controller = this.#running.get(photo);
    controller?.abort();
    const there = this.#waiting.delete(photo) || controller !== undefined;
    if (controller) this.#end(photo);
    this.#fill();
    return there;
  }

  /** Stops; photos that are being captioned wait again. */
  stop(problem?: Problem): void {
    this.#stopped = true;
    this.#problem = problem;
    const running = [...this.#running.keys()];
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    // Photos that were begun come first when the queue continues.
    for (const photo of [...running, ...waiting]) this.#waiting.add(photo);
    for (const photo of running) {
      this.#running.get(photo)!.abort();
      this.#end(photo);
    }
    this.#parts.changed();
  }

  /** Continues after a stop. */
  resume(): void {
    this.#stopped = false;
    this.#problem = undefined;
    this.#fill();
    this.#parts.changed();
  }

  #fill(): void {
    for (const photo of this.#waiting) {
      if (this.#stopped || this.#running.size >= atOnce) return;
      this.#waiting.delete(photo);
      this.#work(photo);
    }
  }

  async #work(photo: Photo): Promise<void> {
    const controller = new AbortController();
    this.#running.set(photo, controller);
    photo.problem = undefined;
    photo.working = true;
    this.#parts.changed(photo);
    const { signal } = controller;
    try {
      const caption = await this.#patiently(photo, signal);
      if (signal.aborted) return;
      photo.caption = caption;
    } catch (error) {
      if (signal.aborted) return;
      const problem = problemOf(error);
      if (problem.general) {
        this.stop(problem);
        return;
      }
      photo.problem = problem;
    }
    this.#end(photo);
    this.#fill();
    this.#parts.changed();
  }

  /** Tries again while the server is busy, after the wait that it asks for, and once if the connection broke. */
  async #patiently(photo: Photo, signal: AbortSignal): Promise<Caption> {
    for (let tries = 1; ; tries++) {
      try {
        return await this.#parts.ask(photo, signal);
      } catch (error) {
        if (signal.aborted) throw error;
        const problem = problemOf(error);
        const again = problem.busy ? tries < mostTries : problem.code === "interrupted" && tries === 1;
        if (!again) throw problem;
        const seconds = Math.min(Math.max(problem.retryAfter ?? 2 ** tries / 2, 1), longestWait);
        if (problem.busy) this.#pause = seconds;
        this.#parts.changed();
        await this.#parts.sleep(seconds * 1000, signal);
        this.#pause = undefined;
        this.#parts.changed();
      }
    }
  }

  #end(photo: Photo): void {
    this.#running.delete(photo);
    if (this.#running.size === 0) this.#pause = undefined;
    photo.working = false;
    this.#parts.changed(photo);
  }
}
