/** Ids padded in front with zeros to a length; longer ones keep their last ids (Keras's `pad_sequences`). */
export function prePadded(ids: Int32Array, length: number): Int32Array {
  const padded = new Int32Array(length);
  const kept = ids.subarray(Math.max(0, ids.length - length));
  padded.set(kept, length - kept.length);
  return padded;
}
