/**
 * Resources that are freed together, the last one first: the part of AsyncDisposableStack that edgecap uses, because
 * Node 22 lacks it.
 */
export class Resources implements AsyncDisposable {
  #held: (AsyncDisposable | Disposable)[] = [];

  /** Takes ownership of a resource, and returns it. */
  use<T extends AsyncDisposable | Disposable>(resource: T): T {
    this.#held.push(resource);
    return resource;
  }

  /** Moves everything to another owner. */
  move(): Resources {
    const other = new Resources();
    other.#held = this.#held;
    this.#held = [];
    return other;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (let next = this.#held.pop(); next !== undefined; next = this.#held.pop()) {
      if (Symbol.asyncDispose in next) await next[Symbol.asyncDispose]();
      else next[Symbol.dispose]();
    }
  }
}
