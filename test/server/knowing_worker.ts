/**
 * A worker that always says "a dog's bowl stands on grass" and knows what it saw, so that tests know the answer. Of
 * small files, such as `grey.png`, it says and knows nothing. Its confidence is 0.5. Neutral, it says "pet".
 */
import type { FromWorker, ToWorker } from "../../src/pool/messages.ts";

const scope = globalThis as unknown as {
  postMessage(message: FromWorker): void;
  onmessage: ((event: MessageEvent<ToWorker>) => void) | null;
};

const texts = ["a", "dog", "'s", "bowl", "stands", "on", "grass"];

scope.onmessage = ({ data }) => {
  if (data.type === "ping") scope.postMessage({ type: "pong" });
  if (data.type === "load")
    scope.postMessage({ type: "ready", model: { name: "knowing", vocabulary: 100, maxWords: 20 }, identity: "" });
  if (data.type !== "job") return;
  const { id, options, image } = data;
  const blank = image.length < 1000;
  const unsure = (options.minConfidence ?? 0) > 0.5;
  const words = (blank || unsure ? [] : texts)
    .slice(0, options.maxWords)
    .map((text) => ({ text: options.neutral && text === "dog" ? "pet" : text, logProbability: -0.5 }));
  if (data.words) for (const word of words) scope.postMessage({ type: "word", id, word });
  const whole = words.length === texts.length;
  scope.postMessage({
    type: "done",
    id,
    caption: {
      caption: words
        .map(({ text }) => text)
        .join(" ")
        .replace(" 's", "'s"),
      confidence: 0.5,
      ...(unsure && { reason: "unsure" as const }),
      // A caption that ends by itself has the probability of its end, too.
      logProbability: words.length * -0.5 - (whole ? 0.25 : 0),
      words,
      alternatives: Array.from({ length: options.alternatives ?? 0 }, (_, place) => ({
        caption: `another ${place + 1} ${JSON.stringify(options)}`,
        logProbability: -9,
      })),
      concepts: blank
        ? []
        : [
            { name: "fire hydrant", probability: 0.9 },
            { name: "dog", probability: 0.75 },
            { name: "grass", probability: 0.5 },
          ],
      timing: { imageMs: 1, encodeMs: 2.5, generateMs: 4 },
    },
  });
};
