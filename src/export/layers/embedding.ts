import { asRows, constantOf, type LayerFamily, numberOption, onlyInput, weightOf, withMask } from "./layer_call.ts";

// Element types by their numbers in ONNX's schema, as `Cast` takes them.
const float32 = 1;
const int32 = 6;

/** Converters of the layers that create masks. */
export const embeddingLayers: LayerFamily = {
  Embedding: (call) => {
    const { graph, name } = call;
    const table = weightOf(call, "embeddings");
    const rows = constantOf(call, "embeddings", table.shape, table.data);
    const ids = graph.node("Cast", [onlyInput(call).value], { to: int32 }, { name: `${name}/ids` });
    const value = graph.node("Gather", [rows, ids], { axis: 0 }, { name });
    const masks = call.config.maskZero === true;
    const mask = masks ? graph.node("Not", [graph.node("Equal", [ids, graph.scalar(0, "int32")])]) : undefined;
    return withMask({ value, layout: "rows" }, mask);
  },
  Masking: (call) => {
    const { graph, name } = call;
    const input = asRows(graph, onlyInput(call));
    const masked = graph.node("Equal", [input, graph.scalar(numberOption(call, "maskValue", 0))]);
    const differs = graph.node("Cast", [graph.node("Not", [masked])], { to: float32 });
    const kept = graph.node("ReduceMax", [differs], { axes: [-1], keepdims: 1 }, { name: `${name}/kept` });
    const value = graph.node("Mul", [input, kept], {}, { name });
    const mask = graph.node("Greater", [graph.node("Squeeze", [kept, graph.ints([-1])]), graph.scalar(0)]);
    return { value, layout: "rows", mask };
  },
};
