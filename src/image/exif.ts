/**
 * Whether the EXIF note of a JPEG, PNG or WebP file turns it by a quarter, so that it is shown as wide as its pixels are
 * high. Anything that has no such note, or a damaged one, is not turned.
 */
export function isQuarterTurned(bytes: Uint8Array): boolean {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  try {
    const note = noteOf(view);
    return note !== undefined && turns(view, note);
  } catch (error) {
    // The file ends before what it announces.
    if (error instanceof RangeError) return false;
    throw error;
  }
}

const exif = 0x45786966;

/** Where the note's TIFF header begins. */
function noteOf(view: DataView): number | undefined {
  if (view.getUint16(0) === 0xffd8) {
    for (let at = 2; view.getUint8(at) === 0xff; at += 2 + view.getUint16(at + 2)) {
      const marker = view.getUint8(at + 1);
      // Pixels begin: the note stands before them.
      if (marker === 0xda) return undefined;
      if (marker === 0xe1 && view.getUint32(at + 4) === exif) return at + 10;
    }
  } else if (view.getUint32(0) === 0x89504e47) {
    for (let at = 8; ; at += 12 + view.getUint32(at)) if (view.getUint32(at + 4) === 0x65584966) return at + 8;
  } else if (view.getUint32(0) === 0x52494646 && view.getUint32(8) === 0x57454250) {
    for (let at = 12; ; at += 8 + ((view.getUint32(at + 4, true) + 1) & ~1)) {
      if (view.getUint32(at) !== 0x45584946) continue;
      return view.getUint32(at + 8) === exif ? at + 14 : at + 8;
    }
  }
  return undefined;
}

function turns(view: DataView, note: number): boolean {
  const little = view.getUint16(note) === 0x4949;
  const directory = note + view.getUint32(note + 4, little);
  const entries = view.getUint16(directory, little);
  for (let entry = directory + 2; entry < directory + 2 + 12 * entries; entry += 12) {
    // The orientation; 5 to 8 turn by a quarter.
    if (view.getUint16(entry, little) === 0x0112) return view.getUint16(entry + 8, little) >= 5;
  }
  return false;
}
