/** Works calls off one after another, in their order, as graphs can only run once at a time. */
export class OneAtATime {
  #last: Promise<unknown> = Promise.resolve();

  /** Runs `work` once everything before it has ended, well or badly. */
  run<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(work);
    this.#last = turn.catch(() => {});
    return turn;
  }

  /** Waits until nothing is left to do. */
  async idle(): Promise<void> {
    await this.#last;
  }
}
