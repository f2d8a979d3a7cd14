/**
 * Gives the memory of some bytes back at once: the garbage collector would do so much later, because it only sees a
 * small object. Runtimes that cannot do that leave it to the collector.
 */
export function release({ buffer, byteLength }: Uint8Array): void {
  const whole = buffer as { readonly byteLength: number; readonly transfer?: (length: number) => unknown };
  // In Node, a small Buffer is a part of a larger one that others use too.
  if (whole.byteLength === byteLength) whole.transfer?.(0);
}
