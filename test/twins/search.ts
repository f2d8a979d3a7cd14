/** The search once more, with lists and objects where the Rust one has preallocated arrays. */
import type { Hypothesis, SearchOptions } from "../../src/decode/search.ts";

const defaults: Omit<Required<SearchOptions>, "vocabulary"> = {
  beams: 1,
  maxWords: 20,
  minWords: 0,
  lengthPenalty: 0,
  noRepeatNgram: 0,
  startId: 1,
  endId: 2,
  banned: Uint32Array.of(0, 1, 3),
  temperature: 0,
  topK: 0,
  topP: 1,
  seed: 0,
};

interface Beam {
  readonly tokens: readonly number[];
  readonly logProbabilities: readonly number[];
  readonly sum: number;
  readonly score: number;
  readonly finished: boolean;
}

interface Candidate {
  readonly beam: number;
  readonly token: number;
  readonly logProbability: number;
}

const U64 = (1n << 64n) - 1n;
const STEP = 0x9e3779b97f4a7c15n;

function mix(value: bigint): bigint {
  let z = value & U64;
  z = ((z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n) & U64;
  z = ((z ^ (z >> 27n)) * 0x94d049bb133111ebn) & U64;
  return z ^ (z >> 31n);
}

/** A generator of numbers from [0, 1): SplitMix64. */
function randomNumbers(seed: number, stream: number): () => number {
  let state = mix(mix(BigInt(seed) + STEP) + BigInt(stream));
  return () => {
    state = (state + STEP) & U64;
    return Number(mix(state) >> 11n) / 2 ** 53;
  };
}

/** The sum of the numbers up to each. */
function sums(numbers: readonly number[]): number[] {
  let sum = 0;
  return numbers.map((number) => {
    sum += number;
    return sum;
  });
}

function logSoftmax(logits: readonly number[]): number[] {
  const maximum = Math.max(...logits);
  const logSum = Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit - maximum), 0));
  return logits.map((logit) => logit - maximum - logSum);
}

/** Runs a whole search, `model` giving the logits after the tokens so far; what `Search` of src/decode finds. */
export function searchTwin(given: SearchOptions, model: (history: readonly number[]) => Float32Array): Hypothesis[] {
  const options: Required<SearchOptions> = { ...defaults, ...given };
  const { beams, maxWords, minWords, lengthPenalty, noRepeatNgram, startId, endId, temperature, topK, topP } = options;
  const scoreOf = (sum: number, length: number) => sum / Math.max(length, 1) ** lengthPenalty;
  const allowed = (tokens: readonly number[], token: number) => {
    if (options.banned.includes(token) || (token === endId && tokens.length < minWords)) return false;
    if (noRepeatNgram === 0) return true;
    const runs = (words: readonly number[]) =>
      words.slice(noRepeatNgram - 1).map((_, i) => words.slice(i, i + noRepeatNgram).join(" "));
    return !runs(tokens).includes([...tokens, token].slice(-noRepeatNgram).join(" "));
  };
  const extended = (from: Beam, { token, logProbability }: Candidate): Beam => {
    const sum = from.sum + logProbability;
    if (token === endId) return { ...from, sum, score: scoreOf(sum, from.tokens.length + 1), finished: true };
    return {
      tokens: [...from.tokens, token],
      logProbabilities: [...from.logProbabilities, logProbability],
      sum,
      score: scoreOf(sum, from.tokens.length + 1),
      finished: false,
    };
  };

  let live: Beam[] = [{ tokens: [], logProbabilities: [], sum: 0, score: 0, finished: false }];
  let finished: Beam[] = [];
  let chains = Array.from({ length: beams }, (_, stream) => randomNumbers(options.seed, stream));
  for (let step = 0; step < maxWords && live.length > 0; step++) {
    const candidates = live.map(({ tokens }, beam) => {
      const logits = [...model([startId, ...tokens])];
      return logSoftmax(logits)
        .map((logProbability, token): Candidate & { logit: number } => ({
          beam,
          token,
          logProbability,
          logit: logits[token]!,
        }))
        .filter(({ token, logit }) => logit > -Infinity && allowed(tokens, token));
    });
    const next: Beam[] = [];
    if (temperature > 0) {
      const going: (() => number)[] = [];
      for (const [chain, random] of chains.entries()) {
        const beam = step === 0 ? 0 : chain;
        const beamAfter = extended(live[beam]!, draw(candidates[beam]!, random()));
        if (beamAfter.finished) finished.push(beamAfter);
        else {
          next.push(beamAfter);
          going.push(random);
        }
      }
      chains = going;
      live = next;
      continue;
    }
    const ranked = candidates
      .flat()
      .sort((a, b) => live[b.beam]!.sum + b.logProbability - (live[a.beam]!.sum + a.logProbability));
    for (const [rank, candidate] of ranked.slice(0, 2 * beams).entries()) {
      if (candidate.token !== endId && next.length < beams) next.push(extended(live[candidate.beam]!, candidate));
      if (candidate.token === endId && rank < beams) finished.push(extended(live[candidate.beam]!, candidate));
    }
    if (beams === 1 && ranked[0]?.token === endId) next.length = 0;
    finished = finished.sort((a, b) => b.score - a.score).slice(0, beams);
    live = next;
    const bound = Math.max(...live.map(({ sum }) => scoreOf(sum, maxWords)));
    if (finished.length === beams && bound <= finished.at(-1)!.score) break;
  }
  const all = [...finished, ...live].sort((a, b) => Number(b.finished) - Number(a.finished) || b.score - a.score);
  const distinct = new Map(all.toReversed().map((beam) => [`${beam.finished} ${beam.tokens}`, beam]));
  return all
    .filter((beam) => distinct.get(`${beam.finished} ${beam.tokens}`) === beam)
    .slice(0, beams)
    .map(({ tokens, logProbabilities, sum, score, finished: ended }) => ({
      tokens: Uint32Array.from(tokens),
      logProbability: sum,
      wordLogProbabilities: Float32Array.from(logProbabilities),
      score,
      finished: ended,
    }));

  function draw(from: readonly (Candidate & { logit: number })[], uniform: number): Candidate {
    let kept = [...from];
    if (topK > 0 && topK < kept.length)
      kept = kept.sort((a, b) => b.logit - a.logit || a.token - b.token).slice(0, topK);
    const maximum = Math.max(...kept.map(({ logit }) => logit));
    const weight = ({ logit }: { logit: number }) => Math.exp((logit - maximum) / temperature);
    if (topP < 1) {
      kept.sort((a, b) => b.logit - a.logit || a.token - b.token);
      const enough = topP * kept.reduce((sum, candidate) => sum + weight(candidate), 0);
      kept = kept.slice(0, sums(kept.map(weight)).findIndex((sum) => sum >= enough) + 1);
    }
    const target = uniform * kept.reduce((sum, candidate) => sum + weight(candidate), 0);
    return kept[sums(kept.map(weight)).findIndex((sum) => sum > target)] ?? kept.at(-1)!;
  }
}
