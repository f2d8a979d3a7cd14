import { concat } from "../../files/concat.ts";
import type { BackendSession } from "../backend.ts";
import type { GraphPort, GraphValue } from "../tensors.ts";
import type { DecoderPlan, DecoderPort } from "./decoder_plan.ts";
import { count, DenseDecoder } from "./dense_decoder.ts";
import type { KernelModule } from "./kernel_module.ts";

/** A decoder's graph, whose memory is freed when it is released. */
export class DecoderSession implements BackendSession {
  readonly inputs: readonly GraphPort[];
  readonly outputs: readonly GraphPort[];
  readonly #ports: Pick<DecoderPlan, "inputs" | "outputs">;
  #decoder: DenseDecoder | undefined;

  constructor(plan: DecoderPlan, module: KernelModule) {
    this.#ports = { inputs: plan.inputs, outputs: plan.outputs };
    [this.inputs, this.outputs] = [plan.inputs, plan.outputs].map((ports) =>
      ports.map(({ name, shape }) => ({ name, shape })),
    ) as [GraphPort[], GraphPort[]];
    this.#decoder = new DenseDecoder(plan, module);
  }

  async run(values: Readonly<Record<string, GraphValue>>): Promise<Record<string, GraphValue>> {
    const decoder = this.#decoder;
    if (decoder === undefined) throw new Error("the decoder is released");
    const sizes = new Map<string, number>();
    const inputs = this.#ports.inputs.map((port) => checked(port, values[port.name], sizes));
    const [pictures, beams] = ["pictures", "beams"].map((name) => sizes.get(name) ?? 1) as [number, number];
    if (beams < 1) throw new RangeError("there are no beams");
    const results = Array.from({ length: pictures }, (_, picture) =>
      decoder.run(
        inputs.map((data) => part(data, picture, pictures)),
        beams,
      ),
    );
    return Object.fromEntries(
      this.#ports.outputs.map(({ name, shape, matrix }, at) => {
        const lengths = shape.length === 2 ? [matrix.columns] : [count(matrix.rows, beams), matrix.columns];
        const data = results.length === 1 ? results[0]![at]! : concat(results.map((outputs) => outputs[at]!));
        return [name, { data, shape: [pictures, ...lengths] }];
      }),
    );
  }

  async release(): Promise<void> {
    this.#decoder = undefined;
  }
}

/** An input's numbers, if it has the port's shape. @param sizes The numbers of pictures and beams so far. */
function checked(
  { name, shape, matrix, below }: DecoderPort,
  value: GraphValue | undefined,
  sizes: Map<string, number>,
): Float32Array | Int32Array {
  const integers = shape.length === 2;
  if (value === undefined || !("data" in value) || value.data instanceof Int32Array !== integers)
    throw new TypeError(`the input "${name}" is missing, or not ${integers ? "int32" : "float32"}`);
  const { data, shape: found } = value;
  const expect = (what: string, length: number | undefined) => {
    const known = sizes.get(what) ?? length ?? -1;
    sizes.set(what, known);
    return known;
  };
  const rows = matrix.rows === "beams" ? expect("beams", found[1]) : matrix.rows;
  const expected = [expect("pictures", found[0]), rows, ...(integers ? [] : [matrix.columns])];
  if (found.join() !== expected.join() || data.length !== expected.reduce((all, length) => all * length, 1))
    throw new RangeError(
      `the input "${name}" is [${found.join(", ")}] with ${data.length} numbers, instead of [${expected.join(", ")}]`,
    );
  const wrong = below === undefined ? undefined : data.find((number: number) => number < 0 || number >= below);
  if (wrong !== undefined)
    throw new RangeError(`the input "${name}" has the number ${wrong}, instead of 0 to ${below! - 1}`);
  return data;
}

function part<T extends Float32Array | Int32Array>(data: T, at: number, of: number): T {
  const length = data.length / of;
  return of === 1 ? data : (data.subarray(at * length, (at + 1) * length) as T);
}
