/**
 * A worker that does what the photo's bytes say: `crash`, `hang`, `die` (silently, like a killed thread), `slow N`
 * for N milliseconds (a seed N does it, too, for photos that are real); anything else is the caption. `once` before it,
 * with a flag in shared memory, does it the first time only, in whichever worker that is.
 */
import type { FromWorker, ToWorker } from "../../src/pool/messages.ts";

const scope = globalThis as unknown as {
  postMessage(message: FromWorker): void;
  onmessage: ((event: MessageEvent<ToWorker>) => void) | null;
  close(): void;
};

let once: Int32Array | undefined;
const aborted = new Set<number>();

scope.onmessage = async ({ data }) => {
  if (data.type === "ping") scope.postMessage({ type: "pong" });
  else if (data.type === "abort") aborted.add(data.id);
  else if (data.type === "load") {
    const files = data.bundle as ReadonlyMap<string, Uint8Array> | undefined;
    if (files?.has("refuse"))
      scope.postMessage({ type: "refused", code: "bundle-missing", message: "No bundle here." });
    else {
      const shared = files?.get("once");
      if (shared) once = new Int32Array(shared.buffer);
      scope.postMessage({ type: "ready", model: { name: "faulty" }, identity: "faulty" });
    }
  } else await job(data);
};

async function job({ id, image, options, words }: Extract<ToWorker, { type: "job" }>): Promise<void> {
  let text = options.seed === undefined ? new TextDecoder().decode(image) : `slow ${options.seed}`;
  const parts = text.split(" ");
  if (words) {
    const said = text.startsWith("once") ? text.split(" ").slice(2) : parts;
    for (const word of said.slice(0, 2))
      scope.postMessage({ type: "word", id, word: { text: word, logProbability: -1 } });
    // The words are on their way before the fault.
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  if (parts[0] === "once") {
    const first = once !== undefined && Atomics.add(once, 0, 1) === 0;
    text = first ? parts[1]! : parts.slice(2).join(" ");
  }
  if (text === "crash") {
    setTimeout(() => {
      throw new Error("crashed on purpose");
    });
    return;
  }
  if (text === "hang") for (;;);
  if (text === "die") {
    scope.close();
    return;
  }
  if (text.startsWith("slow ")) {
    const until = performance.now() + Number(text.slice(5));
    while (performance.now() < until && !aborted.has(id)) await new Promise((resolve) => setTimeout(resolve, 5));
    if (aborted.has(id)) {
      scope.postMessage({ type: "failed", id, code: "aborted", message: "Aborted." });
      return;
    }
  }
  if (words)
    for (const word of text.split(" ").slice(2))
      scope.postMessage({ type: "word", id, word: { text: word, logProbability: -1 } });
  scope.postMessage({
    type: "done",
    id,
    caption: {
      caption: text,
      logProbability: -1,
      words: text.split(" ").map((word) => ({ text: word, logProbability: -1 })),
      alternatives: [],
      concepts: [],
      timing: { imageMs: 1, encodeMs: 1, generateMs: 1 },
    },
  });
}
