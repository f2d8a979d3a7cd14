/** What of onnxruntime's packages a session runs by. */
interface SessionClass {
  readonly InferenceSession: { readonly prototype: object };
}

/** Milliseconds that sessions have run since the last call. */
export interface GraphTime {
  /** The sum, which begins again at zero. */
  take(): number;
}

interface RunsSessions {
  run(...parts: readonly unknown[]): Promise<unknown>;
}

/**
 * Counts the time between each call of onnxruntime and its answer, for all sessions of a package: whatever is left of a
 * caption's time is not the graphs'.
 */
export async function countGraphTime(loading: Promise<unknown>): Promise<GraphTime> {
  const { InferenceSession } = (await loading) as SessionClass;
  // Sessions are of a class that is not exported; all of them hold a handler, and are made by this class alone.
  const makers = InferenceSession as unknown as { create(...parts: readonly unknown[]): Promise<RunsSessions> };
  const create = makers.create.bind(makers);
  let sum = 0;
  makers.create = async (...parts) => {
    const session = await create(...parts);
    const run = session.run.bind(session);
    session.run = async (...inputs) => {
      const started = performance.now();
      try {
        return await run(...inputs);
      } finally {
        sum += performance.now() - started;
      }
    };
    return session;
  };
  return {
    take: () => {
      const taken = sum;
      sum = 0;
      return taken;
    },
  };
}
