/**
 * Pixels as the encoder graph takes them: the same values, 0 to 255, as 32-bit floats. The graph itself subtracts the
 * means and orders the channels.
 *
 * @param rgb Red, green, blue, row by row, of one picture or of several one after another.
 * @param room Where they go, as long as `rgb`. Default: memory of their own.
 */
export function encoderInput(rgb: Uint8Array, room: Float32Array = new Float32Array(rgb.length)): Float32Array {
  room.set(rgb);
  return room;
}
