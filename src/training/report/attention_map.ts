import { escaped } from "./photo_data.ts";

/** A word, and where the decoder looked when it chose it. */
export interface AttendedWord {
  readonly text: string;
  /** Weights of the regions, row by row, that sum to 1. */
  readonly attention: Float32Array;
}

/** Side of a photo in pixels, and the number of photos in a row. */
const side = 112;
const columns = 8;

/**
 * One SVG with a copy of the photo for each word, darkened where the decoder did not look.
 *
 * @param name Name of the photo's definition in the SVG, unique in the document.
 * @param data `data:` address of the photo, which is squashed to a square as the encoder sees it.
 */
export function attentionMap(name: string, data: string, words: readonly AttendedWord[]): string {
  const rowHeight = side + 26;
  const pictures = words.map(({ text, attention }, place) => {
    const x = (place % columns) * (side + 4);
    const y = Math.floor(place / columns) * rowHeight;
    const rows = Math.round(Math.sqrt(attention.length));
    const cell = side / rows;
    const strongest = Math.max(...attention);
    const veil = Array.from(attention, (weight, region) => {
      const left = x + (region % rows) * cell;
      const top = y + Math.floor(region / rows) * cell;
      const darkness = 0.85 * (1 - weight / strongest);
      return `<rect x="${left.toFixed(1)}" y="${top.toFixed(1)}" width="${cell.toFixed(1)}" height="${cell.toFixed(1)}" fill-opacity="${darkness.toFixed(3)}"/>`;
    }).join("");
    const label = `<text x="${x + side / 2}" y="${y + side + 16}" text-anchor="middle">${escaped(text)}</text>`;
    return `<use href="#${name}" x="${x}" y="${y}"/>${veil}${label}`;
  });
  const width = Math.min(words.length, columns) * (side + 4);
  const height = Math.ceil(words.length / columns) * rowHeight;
  // The photo is defined once: its bytes are by far the largest part of the document.
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="13"><defs><image id="${name}" href="${data}" width="${side}" height="${side}" preserveAspectRatio="none"/></defs>${pictures.join("")}</svg>`;
}
