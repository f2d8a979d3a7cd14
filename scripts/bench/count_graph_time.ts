/** The part of onnxruntime's packages that runs sessions. */
interface SessionClass {
  readonly InferenceSession: { readonly prototype: object };
}

/** Milliseconds that sessions have run since the last call. */
export interface GraphTime {
  /** The sum; it starts again at zero. */
  take(): number;
}

interface RunsSessions {
  run(...parts: readonly unknown[]): Promise<unknown>;
}

/**
 * Adds up the time that calls of onnxruntime take, for all sessions of a package. The rest of a caption's time is not
 * spent in graphs.
 */
export async function countGraphTime(loading: Promise<unknown>): Promise<GraphTime> {
  const { InferenceSession } = (await loading) as SessionClass;
  // The class of sessions is not exported, but only this class makes them.
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
