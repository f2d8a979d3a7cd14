import * as vega from "vega";
import { compile, type TopLevelSpec } from "vega-lite";
import { type Quartiles, quartiles } from "./quartiles.ts";
import type { Measured } from "./take_turns.ts";

/** The results, and the machine and programs that they were measured on. */
export interface BenchResults {
  readonly encoder: readonly Measured[];
  readonly caption: readonly Measured[];
  readonly start: readonly Measured[];
  readonly core: readonly Measured[];
  /** The command that measured it. */
  readonly command: string;
  readonly rounds: number;
  /** Number of words that models of random weights wrote. */
  readonly words: number;
  /** Processor with its features, cores and system. */
  readonly machine: string;
  readonly cores: number;
  /** Load averages of the last minute, before and after. */
  readonly load: readonly [number, number];
  /** Runtimes and packages. */
  readonly versions: string;
  readonly notes: readonly string[];
}

type Section = "encoder" | "caption" | "start";

/** The median of a runner's samples of a part; NaN if it was not measured. */
export function medianOf(measured: readonly Measured[], name: string, part = "total"): number {
  return quartiles(measured.find((one) => one.name === name)?.samples[part] ?? []).median;
}

/**
 * How many times as long the first takes as the second: the median of the ratios of each round, because anything that
 * slows a round slows both. NaN if one was not measured.
 */
export function ratioOf(
  measured: readonly Measured[],
  first: string,
  second: string,
  part: readonly [string, string] = ["total", "total"],
): number {
  const [a, b] = [first, second].map(
    (name, i) => measured.find((one) => one.name === name)?.samples[part[i]!] ?? [],
  ) as [readonly number[], readonly number[]];
  return quartiles(a.slice(0, b.length).map((ms, round) => ms / b[round]!)).median;
}

/** The page docs/benchmarks.md. */
export function benchDocument(results: BenchResults): string {
  const { encoder, caption, start, core, command, rounds, words, machine, cores, load, versions, notes } = results;
  // At the end, the benchmark itself makes a load of one, or of two if runners have two threads.
  const busy =
    load[0] > cores / 2 || load[1] > cores + 0.5
      ? " **Other work ran meanwhile: the figures compare with each other, and a quiet machine is faster.**"
      : "";
  return `# Benchmarks

After reading this page, you know how fast edgecap is on each backend, compared with other programs.

Written by \`${command}\`. Each row of a table is a separate process; all of them take turns for ${rounds} rounds, and
the figures are milliseconds: medians, with the quartiles around them. A ratio is the median of the rounds' ratios.

- ${machine}; load average before ${load[0].toFixed(1)}, after ${load[1].toFixed(1)}.${busy}
- ${versions}.
${notes.map((note) => `- ${note}\n`).join("")}
![Medians and quartiles of each runner](images/benchmarks.svg)

## Aims

| aim | reached |
| --- | --- |
${aims(results)
  .map(([aim, reached]) => `| ${aim} | ${reached} |`)
  .join("\n")}

## From bytes to sentence

The time to decode and caption a photo. The rounds use the five photos of examples/ in turn: three of them need more
than one search, because the first caption does not name what is surely there. Of the dev photos, a third need more. The
default bundle searches with 10 beams. *Outside* is the time spent outside the picture's decoder and onnxruntime: in the
search, in the datastore, and on copying tensors. *Share* is its share of the total time.

| caption | median | quartiles | picture | encoder | decoder | outside | share |
| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |
${caption.map(captionRow).join("\n")}

- transformers.js runs its own image-to-text pipeline on a model of the shape of vit-gpt2 (ViT-base/16 and GPT-2 of 124 million weights with
  cross-attention) in its default precision on wasm, \`q8\`. **Its weights are random**, which changes its captions but not its time. It writes ${words} tokens, as many as the mean of
  edgecap's captions of the pictures in examples/ has words. As in public exports of that model, each word computes the picture's keys and values again:
  transformers.js cannot cache them for GPT-2. Outside browsers it would use onnxruntime-node; for wasm it gets onnxruntime-web. It decodes
  pictures with sharp, which is native code.
- The article's model has random weights too (ResNet50 at 90 x 90 in int8, four stacked LSTMs that read 37 padded words again for
  each of ${words} words): its encoder sees a sixth of the pixels, and its captions are far worse (see [article.md](article.md)).
  *edgecap's model, prefix recomputed* is the same attention decoder that reads all words so far again for each word.

## The encoder

ResNet50 on 224 x 224 pixels, on edgecap's backends and on the bare packages behind them. In each turn, the encoder
runs as often as fits into 100 ms, but at least once; the median of the turn counts.

| encoder | median | quartiles |
| --- | ---: | ---: |
${encoder.map(plainRow).join("\n")}

## Cold start

The time from the start of a process to the caption of examples/chelsea.jpg, and to the end of the process.

| start | median | quartiles | to the end |
| --- | ---: | ---: | ---: |
${start.map((one) => `${plainRow(one)} ${milliseconds(medianOf([one], one.name, "end"))} |`).join("\n")}

## The text crate

Tokenizer and search, compared with TypeScript that does the same.

| work | median | quartiles |
| --- | ---: | ---: |
${core
  .flatMap(({ samples }) => Object.entries(samples))
  .map(([name, values]) => `| ${name} | ${spread(quartiles(values))} |`)
  .join("\n")}
`;
}

function aims({ encoder, caption }: BenchResults): [string, string][] {
  const times = (ratio: number) => (Number.isNaN(ratio) ? "not measured" : `${ratio.toFixed(2)} times`);
  const encoderRatio = (first: string, second: string) => times(ratioOf(encoder, first, second));
  const share = (name: string) => {
    const value = ratioOf(caption, name, name, ["outside", "total"]);
    return Number.isNaN(value) ? "not measured" : `${(100 * value).toFixed(1)} %`;
  };
  const vit = "transformers.js, vit-gpt2's shape, wasm, greedy, 1 thread";
  return [
    [
      "int8 on wasm with two threads at most 1.5 times native fp32 with one",
      encoderRatio("edgecap wasm, int8, 2 threads", "onnxruntime-node, fp32, 1 thread"),
    ],
    [
      "`native` at most 1.05 times bare onnxruntime-node: fp32, int8",
      ["fp32", "int8"]
        .map((p) => encoderRatio(`edgecap native, ${p}, 1 thread`, `onnxruntime-node, ${p}, 1 thread`))
        .join(", "),
    ],
    [
      "`wasm` compared with bare onnxruntime-web, int8",
      encoderRatio("edgecap wasm, int8, 1 thread", "onnxruntime-web, int8, 1 thread"),
    ],
    [
      "less than 3 % outside the graphs: wasm greedy, wasm 5 beams, native greedy, native 5 beams",
      ["wasm, greedy", "wasm, 5 beams", "native, greedy", "native, 5 beams"]
        .map((of) => share(`edgecap ${of}, 1 thread`))
        .join(", "),
    ],
    [
      "8 times faster than transformers.js with vit-gpt2's shape on wasm: greedy, 5 beams",
      ["greedy", "5 beams"].map((of) => times(ratioOf(caption, vit, `edgecap wasm, ${of}, 1 thread`))).join(", "),
    ],
  ];
}

function spread({ median, low, high }: Quartiles): string {
  return `${milliseconds(median)} | ${milliseconds(low)} to ${milliseconds(high)}`;
}

function milliseconds(value: number): string {
  return value.toFixed(value < 100 ? 1 : 0);
}

function plainRow({ name, samples }: Measured): string {
  return `| ${name} | ${spread(quartiles(samples["total"]!))} |`;
}

function captionRow(measured: Measured): string {
  const { name, samples } = measured;
  const parts = ["image", "encoder", "decoder", "outside"].map((part) =>
    samples[part] === undefined ? "" : milliseconds(quartiles(samples[part]).median),
  );
  const share = ratioOf([measured], name, name, ["outside", "total"]);
  return `| ${name} | ${spread(quartiles(samples["total"]!))} | ${parts.join(" | ")} | ${Number.isNaN(share) ? "" : `${(100 * share).toFixed(1)} %`} |`;
}

/** The figures of the tables as bars, in SVG. */
export async function benchChart(results: Pick<BenchResults, Section>): Promise<string> {
  const titles: readonly (readonly [Section, string])[] = [
    ["caption", "From bytes to sentence"],
    ["encoder", "The encoder"],
    ["start", "From the start of a process to its first caption"],
  ];
  const charts = titles
    .filter(([section]) => results[section].length > 0)
    .map(([section, title]) => ({
      title,
      width: 420,
      data: {
        values: results[section].map(({ name, samples }) => ({
          name,
          ours: name.includes("edgecap") || name.includes("executable") ? "edgecap" : "others",
          ...quartiles(samples["total"]!),
        })),
      },
      encoding: {
        y: { field: "name", type: "nominal" as const, sort: null, title: null, axis: { labelLimit: 600 } },
      },
      layer: [
        {
          mark: "bar" as const,
          encoding: {
            x: { field: "median", type: "quantitative" as const, title: "milliseconds" },
            color: {
              field: "ours",
              type: "nominal" as const,
              legend: null,
              scale: { domain: ["edgecap", "others"], range: ["#2a7f62", "#b0b7bf"] },
            },
          },
        },
        {
          mark: "rule" as const,
          encoding: {
            x: { field: "low", type: "quantitative" as const },
            x2: { field: "high" },
          },
        },
      ],
    }));
  const spec: TopLevelSpec = { background: "white", vconcat: charts, resolve: { scale: { x: "independent" } } };
  return await new vega.View(vega.parse(compile(spec).spec), { renderer: "none" }).toSVG();
}
