import { defaultBundle, loadBundle } from "../../../src/bundle/load_bundle.ts";
import { GraphSession } from "../../../src/runtime/graph_session.ts";
import type { Row } from "../bench_server.ts";
import { quantile } from "./load.ts";

const rounds = 5;
const size = 4;

/** Measures whether the encoder is faster with several pictures at once than one after another, on one thread. */
export async function benchBatch(): Promise<Row[]> {
  const { files, manifest } = await loadBundle(defaultBundle);
  await using encoder = await GraphSession.create("encoder", files.encoder);
  const side = manifest.encoder.size;
  const pixels = (count: number) => ({
    pixels: {
      data: Float32Array.from({ length: count * side * side * 3 }, (_, i) => (i % 255) - 120),
      shape: [count, side, side, 3],
    },
  });
  const one = pixels(1);
  const many = pixels(size);
  const times: { one: number[]; many: number[] } = { one: [], many: [] };
  for (let round = 0; round <= rounds; round++) {
    const started = performance.now();
    for (let i = 0; i < size; i++) await encoder.run(one);
    const between = performance.now();
    await encoder.run(many);
    if (round === 0) continue; // The first round warms the session.
    times.one.push(between - started);
    times.many.push(performance.now() - between);
  }
  const ratio = quantile(times.one, 0.5) / quantile(times.many, 0.5);
  return [{ what: `encoder, ${size} photos one by one over ${size} as a batch`, value: ratio, unit: "times faster" }];
}
