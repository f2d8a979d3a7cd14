import protobuf from "protobufjs/light.js";

type Field = readonly [name: string, type: string, id: number, rule?: "repeated"];

const messages: Readonly<Record<string, readonly Field[]>> = {
  ModelProto: [
    ["irVersion", "int64", 1],
    ["producerName", "string", 2],
    ["producerVersion", "string", 3],
    ["graph", "GraphProto", 7],
    ["opsetImport", "OperatorSetIdProto", 8, "repeated"],
    ["metadataProps", "StringStringEntryProto", 14, "repeated"],
  ],
  OperatorSetIdProto: [
    ["domain", "string", 1],
    ["version", "int64", 2],
  ],
  StringStringEntryProto: [
    ["key", "string", 1],
    ["value", "string", 2],
  ],
  GraphProto: [
    ["node", "NodeProto", 1, "repeated"],
    ["name", "string", 2],
    ["initializer", "TensorProto", 5, "repeated"],
    ["input", "ValueInfoProto", 11, "repeated"],
    ["output", "ValueInfoProto", 12, "repeated"],
  ],
  NodeProto: [
    ["input", "string", 1, "repeated"],
    ["output", "string", 2, "repeated"],
    ["name", "string", 3],
    ["opType", "string", 4],
    ["attribute", "AttributeProto", 5, "repeated"],
    ["domain", "string", 7],
  ],
  AttributeProto: [
    ["name", "string", 1],
    ["f", "float", 2],
    ["i", "int64", 3],
    ["s", "bytes", 4],
    ["t", "TensorProto", 5],
    ["g", "GraphProto", 6],
    ["floats", "float", 7, "repeated"],
    ["ints", "int64", 8, "repeated"],
    ["strings", "bytes", 9, "repeated"],
    ["type", "int32", 20],
  ],
  TensorProto: [
    ["dims", "int64", 1, "repeated"],
    ["dataType", "int32", 2],
    ["name", "string", 8],
    ["rawData", "bytes", 9],
  ],
  ValueInfoProto: [
    ["name", "string", 1],
    ["type", "TypeProto", 2],
  ],
  TypeProto: [["tensorType", "TensorTypeProto", 1]],
  TensorTypeProto: [
    ["elemType", "int32", 1],
    ["shape", "TensorShapeProto", 2],
  ],
  TensorShapeProto: [["dim", "DimensionProto", 1, "repeated"]],
  DimensionProto: [
    ["dimValue", "int64", 1],
    ["dimParam", "string", 2],
  ],
};

/**
 * The messages of ONNX's protobuf schema that edgecap reads and writes: those of inference graphs with tensors in
 * `raw_data`. Field numbers are the schema's own (onnx.proto, IR version 8); fields left out here are skipped on
 * reading.
 */
export const onnxSchema: protobuf.Root = protobuf.Root.fromJSON({
  nested: Object.fromEntries(
    Object.entries(messages).map(([message, fields]) => [
      message,
      {
        fields: Object.fromEntries(
          fields.map(([name, type, id, rule]) => [name, rule === undefined ? { type, id } : { type, id, rule }]),
        ),
      },
    ]),
  ),
});
