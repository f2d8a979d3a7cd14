/** Runs calls one after another, in their order, because a graph can run only once at a time. */
export class OneAtATime {
  #last: Promise<unknown> = Promise.resolve();

  /** Runs `work` once everything before it has ended, whether it succeeded or failed. */
  run<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(work);
    this.#last = turn.catch(() => {});
    return turn;
  }

  /** Waits until all calls have ended. */
  async idle(): Promise<void> {
    await this.#last;
  }
}
