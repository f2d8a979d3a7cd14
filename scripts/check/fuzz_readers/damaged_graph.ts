import fc from "fast-check";
import { onnxSchema } from "../../../src/export/onnx_schema.ts";
import { damagedBytes, damagedValue } from "./damage.ts";

/** An ONNX file, with values of its protobuf changed, or bytes. */
export function damagedGraph(file: Uint8Array): fc.Arbitrary<Uint8Array> {
  const type = onnxSchema.lookupType("ModelProto");
  const value = type.toObject(type.decode(file), { longs: Number, defaults: false });
  const encoded = damagedValue(value).map((changed) => {
    try {
      return new Uint8Array(type.encode(type.fromObject(changed as Record<string, unknown>)).finish());
    } catch {
      // Nothing that protobuf can write.
      return file;
    }
  });
  return fc.oneof(encoded, damagedBytes([file]));
}
