import type { Manifest } from "../bundle/manifest.ts";
import { EdgecapError } from "../errors.ts";
import type { Graph } from "../runtime/graph.ts";
import type { GraphPort } from "../runtime/tensors.ts";

/** The three graphs of a bundle. */
export interface BundleGraphs {
  readonly encoder: Graph;
  readonly init: Graph;
  readonly step: Graph;
}

type Ports = Readonly<Record<string, readonly (number | string)[]>>;

/**
 * Checks the graphs' inputs and outputs against the manifest.
 *
 * @throws {EdgecapError} `bundle-shape-mismatch` naming graph, port, and both shapes.
 */
export function checkShapes(where: string, manifest: Manifest, graphs: BundleGraphs): void {
  const mean: Ports = manifest.generation.neighbours ? { mean: ["images", 1, manifest.decoder.keys] } : {};
  const { size, regions, features } = manifest.encoder;
  const { hidden, keys, vocabulary, prefix, concepts } = manifest.decoder;
  const places = regions + (concepts?.slots ?? 0);
  const memory: Ports = { keys: ["images", places, keys], values: ["images", places, keys] };
  const nouns: Ports = concepts === undefined ? {} : { concepts: ["images", concepts.nouns] };
  const state: Ports = { hidden: ["images", "beams", hidden], cell: ["images", "beams", hidden] };
  const grid: Ports = { grid: ["images", regions, features] };
  const image: Ports = { image: ["images", hidden] };
  const prefixed: [Graph, Ports, Ports][] = [
    [graphs.init, grid, image],
    [graphs.step, { prefix: ["beams", prefix ?? 0], ...image }, { logits: ["beams", vocabulary] }],
  ];
  const recurrent: [Graph, Ports, Ports][] = [
    [graphs.init, grid, { ...memory, hidden: ["images", 1, hidden], cell: ["images", 1, hidden], ...mean, ...nouns }],
    [
      graphs.step,
      { tokens: ["images", "beams"], ...memory, ...state },
      {
        logits: ["images", "beams", vocabulary],
        next_hidden: ["images", "beams", hidden],
        next_cell: ["images", "beams", hidden],
        attention: ["images", "beams", regions],
      },
    ],
  ];
  const expected: [Graph, Ports, Ports][] = [
    [graphs.encoder, { pixels: ["batch", size, size, 3] }, { grid: ["batch", regions, features] }],
    ...(prefix === undefined ? recurrent : prefixed),
  ];
  for (const [graph, inputs, outputs] of expected) {
    checkPorts(where, `input of the graph "${graph.name}"`, graph.inputs, inputs);
    checkPorts(where, `output of the graph "${graph.name}"`, graph.outputs, outputs);
  }
}

function checkPorts(where: string, kind: string, found: readonly GraphPort[], expected: Ports): void {
  for (const [name, shape] of Object.entries(expected)) {
    const port = found.find((candidate) => candidate.name === name);
    const agrees =
      port !== undefined &&
      port.shape.length === shape.length &&
      shape.every((length, axis) => typeof length === "string" || port.shape[axis] === length);
    if (agrees) continue;
    const got = port === undefined ? `only ${found.map((p) => p.name).join(", ")}` : `[${port.shape.join(", ")}]`;
    throw new EdgecapError(
      "bundle-shape-mismatch",
      `The bundle "${where}" is inconsistent: according to its manifest, the ${kind} "${name}" should be [${shape.join(", ")}], but the graph has ${got}. Export the bundle again.`,
    );
  }
}
