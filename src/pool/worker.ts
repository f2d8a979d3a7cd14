/**
 * The captioning thread: it loads the bundle once, with its own sessions, and runs one job after another.
 *
 * The pool starts it by this file's address, so the file is a separate entry point in an executable.
 */
import { threadScope } from "#threads";
import { Captioner } from "../caption/captioner.ts";
import type { CaptionEngine } from "../caption/engine.ts";
import { loadEngine } from "../engines/load_engine.ts";
import { EdgecapError } from "../errors.ts";
import type { FromWorker, ModelCard, ToWorker } from "./messages.ts";

const scope = threadScope<ToWorker, FromWorker>();

let engine: CaptionEngine | undefined;
const running = new Map<number, AbortController>();

scope.onmessage = ({ data }) => {
  if (data.type === "ping") scope.postMessage({ type: "pong" });
  else if (data.type === "abort") running.get(data.id)?.abort();
  else if (data.type === "load") void open(data);
  else void caption(data);
};

async function open({ bundle, backend }: Extract<ToWorker, { type: "load" }>): Promise<void> {
  try {
    engine = await loadEngine({ bundle, ...(backend !== undefined && { backend }) });
    // A manifest holds the hash of every file.
    const identity = engine instanceof Captioner ? JSON.stringify(engine.manifest) : engine.name;
    scope.postMessage({ type: "ready", model: cardOf(engine), identity });
  } catch (error) {
    scope.postMessage({ type: "refused", ...described(error) });
  }
}

async function caption({ id, image, options, words }: Extract<ToWorker, { type: "job" }>): Promise<void> {
  const controller = new AbortController();
  running.set(id, controller);
  const { signal } = controller;
  try {
    if (!words) {
      scope.postMessage({ type: "done", id, caption: await engine!.caption(image, { ...options, signal }) });
      return;
    }
    for await (const event of engine!.stream(image, { ...options, signal })) {
      if (event.type === "caption") scope.postMessage({ type: "done", id, caption: event.caption });
      else {
        const { type, ...word } = event;
        scope.postMessage({ type, id, word });
      }
    }
  } catch (error) {
    scope.postMessage({ type: "failed", id, ...described(error) });
  } finally {
    running.delete(id);
  }
}

function cardOf(loaded: CaptionEngine): ModelCard {
  if (!(loaded instanceof Captioner)) return { name: loaded.name };
  const { name, version, decoder, encoder, generation, files } = loaded.manifest;
  return {
    name,
    version,
    preset: decoder.preset,
    precision: encoder.precision,
    vocabulary: decoder.vocabulary,
    backend: loaded.backend,
    maxWords: generation.maxWords,
    bytes: Object.values(files).reduce((sum, { bytes }) => sum + bytes, 0),
  };
}

function described(error: unknown): { code: EdgecapError["code"] | undefined; message: string } {
  if (error instanceof EdgecapError) return { code: error.code, message: error.message };
  return { code: undefined, message: String(error) };
}
