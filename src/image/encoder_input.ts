/**
 * Pixels as the encoder graph expects them: the same values, 0 to 255, as 32-bit floats. The graph itself subtracts the
 * means and reorders the channels.
 *
 * @param rgb Red, green, blue, row by row, of one picture or of several one after another.
 * @param room Array to write to, as long as `rgb`. Default: a new one.
 */
export function encoderInput(rgb: Uint8Array, room: Float32Array = new Float32Array(rgb.length)): Float32Array {
  room.set(rgb);
  return room;
}
