import fc from "fast-check";
import { onnxSchema } from "../../../src/export/onnx_schema.ts";
import { damagedBytes, damagedValue } from "./damage.ts";

/** An ONNX file with changed values of its protobuf, or changed bytes. */
export function damagedGraph(file: Uint8Array): fc.Arbitrary<Uint8Array> {
  const type = onnxSchema.lookupType("ModelProto");
  const value = type.toObject(type.decode(file), { longs: Number, defaults: false });
  const encoded = damagedValue(value).map((changed) => {
    try {
      return new Uint8Array(type.encode(type.fromObject(changed as Record<string, unknown>)).finish());
    } catch {
      // A value that protobuf cannot write.
      return file;
    }
  });
  return fc.oneof(encoded, damagedBytes([file]));
}
