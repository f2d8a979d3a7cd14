/** A reference implementation of the search: lists and objects instead of the preallocated arrays in Rust. */
import type { Hypothesis, SearchOptions } from "../../src/decode/search.ts";

type ReferenceOptions = Omit<SearchOptions, "characters" | "maxCharacters" | "leastEnd">;

const defaults: Omit<Required<ReferenceOptions>, "vocabulary"> = {
  beams: 1,
  maxWords: 20,
  minWords: 0,
  lengthPenalty: 0,
  noRepeatNgram: 0,
  repeatable: new Uint32Array(),
  required: [],
  conceptReward: 0,
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
  readonly progress: Progress;
}

/** Which of the required concepts a beam has named. A set of concepts is a number with a bit for each. */
interface Progress {
  readonly named: number;
  /** The concept whose form it must complete, and how many words of the form it has. */
  readonly promised: number;
  readonly inside: number;
}

const nothing: Progress = { named: 0, promised: 0, inside: 0 };

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

/** The first of each words and ending. */
function distinct(beams: readonly Beam[]): Beam[] {
  const first = new Map(beams.toReversed().map((beam) => [`${beam.finished} ${beam.tokens}`, beam]));
  return beams.filter((beam) => first.get(`${beam.finished} ${beam.tokens}`) === beam);
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

/** Runs a whole search, as `Search` of src/decode does. @param model Gives the logits after the tokens so far. */
export function referenceSearch(
  given: SearchOptions,
  model: (history: readonly number[]) => Float32Array,
): Hypothesis[] {
  const options: Required<ReferenceOptions> = { ...defaults, ...given };
  const { beams, maxWords, minWords, lengthPenalty, noRepeatNgram, startId, endId, temperature, topK, topP } = options;
  const scoreOf = (sum: number, length: number) => sum / Math.max(length, 1) ** lengthPenalty;
  const allowed = (tokens: readonly number[], token: number) => {
    if (options.banned.includes(token) || (token === endId && tokens.length < minWords)) return false;
    if (options.repeatable.length > 0 && token === tokens.at(-1)) return false;
    if (noRepeatNgram === 0) return true;
    const runs = (words: readonly number[]) =>
      words.slice(noRepeatNgram - 1).map((_, i) => words.slice(i, i + noRepeatNgram).join(" "));
    const run = [...tokens, token].slice(-noRepeatNgram);
    return run.every((word) => options.repeatable.includes(word)) || !runs(tokens).includes(run.join(" "));
  };
  const forms = options.required.flatMap((forms, concept) =>
    forms.map((form) => ({ bit: 1 << concept, words: [...form] })),
  );
  const namedBy = (tokens: readonly number[]): number =>
    forms
      .filter(({ words }) => ` ${tokens.join(" ")} `.includes(` ${words.join(" ")} `))
      .reduce((named, { bit }) => named | bit, 0);
  /** The possible progress of a beam after one more token. */
  const turns = ({ tokens, progress }: Beam, token: number): Progress[] => {
    const named = namedBy([...tokens, token]);
    const fits = (start: number, words: readonly number[]) => start + words.length <= maxWords;
    if (progress.promised !== 0) {
      const start = tokens.length - progress.inside;
      const begun = [...tokens.slice(start), token].join(" ");
      const goesOn = forms.some(
        ({ bit, words }) =>
          bit === progress.promised && fits(start, words) && words.slice(0, progress.inside + 1).join(" ") === begun,
      );
      if (!goesOn) return [];
      if ((named & progress.promised) !== 0) return [{ ...nothing, named }];
      return [{ named, promised: progress.promised, inside: progress.inside + 1 }];
    }
    const begun = forms.filter(
      ({ bit, words }) => words.length > 1 && words[0] === token && (named & bit) === 0 && fits(tokens.length, words),
    );
    const promises = [...new Set(begun.map(({ bit }) => bit))].sort((a, b) => a - b);
    return [
      ...promises.map((promised) => ({ named, promised, inside: 1 })),
      ...(named === 0 ? [] : [{ ...nothing, named }]),
    ];
  };
  const extended = (from: Beam, { token, logProbability }: Candidate, progress: Progress = nothing): Beam => {
    const sum = from.sum + logProbability;
    if (token === endId) return { ...from, sum, score: scoreOf(sum, from.tokens.length + 1), finished: true };
    return {
      tokens: [...from.tokens, token],
      logProbabilities: [...from.logProbabilities, logProbability],
      sum,
      score: scoreOf(sum, from.tokens.length + 1),
      finished: false,
      progress: progress === nothing ? { ...nothing, named: namedBy([...from.tokens, token]) } : progress,
    };
  };

  const none = { tokens: [], logProbabilities: [], sum: 0, score: 0, finished: false, progress: nothing };
  let live: Beam[] = [none];
  let finished: Beam[] = [];
  /** Beams of the plain search, the first ones of `live`. */
  let plain = 1;
  const choices = (1 << options.required.length) - 1;
  const places = Math.ceil(beams / Math.max(1, choices));
  /** By set of concepts, the captions that have ended. */
  const endings = Array.from({ length: choices + 1 }, (): Beam[] => []);
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
      .slice(0, plain)
      .flat()
      .sort((a, b) => live[b.beam]!.sum + b.logProbability - (live[a.beam]!.sum + a.logProbability));
    let taken: Candidate[] = [];
    for (const [rank, candidate] of ranked.slice(0, 2 * beams).entries()) {
      const ends = candidate.token === endId;
      if (ends ? rank >= beams : next.length >= beams) continue;
      (ends ? finished : next).push(extended(live[candidate.beam]!, candidate));
      taken.push(candidate);
    }
    finished = finished.sort((a, b) => b.score - a.score).slice(0, beams);
    const decided = (kept: readonly Beam[], room: number, others: readonly Beam[]) =>
      others.every(({ sum }) => kept.length === room && scoreOf(sum, maxWords) <= kept.at(-1)!.score);
    const over = (beams === 1 && ranked[0]?.token === endId) || (next.length > 0 && decided(finished, beams, next));
    if (choices === 0) {
      if (beams === 1 && ranked[0]?.token === endId) next.length = 0;
      live = next;
      plain = next.length;
      if (over) break;
      continue;
    }
    if (over) {
      next.length = 0;
      taken = taken.filter(({ token }) => token === endId);
    }
    plain = next.length;
    const offers = Array.from({ length: choices + 1 }, (): Beam[] => []);
    for (const [beam, from] of live.entries()) {
      const free = candidates[beam]!.filter(
        ({ token }) => !taken.some((one) => one.beam === beam && one.token === token),
      );
      for (const candidate of free) {
        for (const progress of candidate.token === endId ? endTurns(from) : turns(from, candidate.token)) {
          offers[progress.named | progress.promised]!.push(extended(from, candidate, progress));
        }
      }
    }
    for (const [concepts, offered] of offers.entries()) {
      const best = distinct(offered)
        .sort((a, b) => b.sum - a.sum)
        .slice(0, 2 * places);
      const ended = best.filter((beam, rank) => beam.finished && rank < places);
      endings[concepts] = [...endings[concepts]!, ...ended].sort((a, b) => b.score - a.score).slice(0, places);
      next.push(...best.filter((beam) => !beam.finished).slice(0, places));
    }
    live = next;
    const reaching = (concepts: number) =>
      live.filter(({ progress }) => ((progress.named | progress.promised) & ~concepts) === 0);
    if (plain === 0 && endings.every((kept, concepts) => concepts === 0 || decided(kept, places, reaching(concepts))))
      break;
  }
  const rewarded = (beam: Beam): Beam => {
    const named = namedBy(beam.tokens);
    const count = [0, 1, 2].filter((bit) => (named >> bit) & 1).length;
    return { ...beam, score: beam.score + count * options.conceptReward, progress: { ...nothing, named: count } };
  };
  const all = [...finished, ...endings.flat(), ...live]
    .map(rewarded)
    .sort((a, b) => Number(b.finished) - Number(a.finished) || b.score - a.score);
  return distinct(all)
    .slice(0, choices === 0 ? beams : undefined)
    .map(({ tokens, logProbabilities, sum, score, finished: ended, progress }) => ({
      tokens: Uint32Array.from(tokens),
      logProbability: sum,
      wordLogProbabilities: Float32Array.from(logProbabilities),
      score,
      finished: ended,
      named: progress.named,
    }));

  /** A beam ends in the set of the concepts that it has named, unless it has promised more. */
  function endTurns({ progress }: Beam): Progress[] {
    return progress.promised !== 0 || progress.named === 0 ? [] : [progress];
  }

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
