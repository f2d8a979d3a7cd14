import { escaped } from "./photo_data.ts";

/** A photo on the sheet. */
export interface SheetPhoto {
  /** `data:` address of the picture. */
  readonly data: string;
  readonly caption: string;
}

/** Side of a photo, and of the space between two, in pixels. */
const side = 224;
const gap = 16;
const lineHeight = 18;
const charactersALine = 32;
const linesShown = 3;

/**
 * The contact sheet: photos in rows, each above the caption that the model gives it, as one SVG that carries the
 * pictures. Photos keep their proportions; captions are broken into at most three lines.
 *
 * @param columns Photos in a row. Default 4.
 */
export function contactSheet(photos: readonly SheetPhoto[], columns = 4): string {
  const cellHeight = side + linesShown * lineHeight + gap;
  const width = columns * (side + gap) + gap;
  const height = Math.ceil(photos.length / columns) * cellHeight + gap;
  const cells = photos.map(({ data, caption }, place) => {
    const x = gap + (place % columns) * (side + gap);
    const y = gap + Math.floor(place / columns) * cellHeight;
    const lines = brokenLines(caption)
      .map((line, i) => `<tspan x="${x}" y="${y + side + lineHeight * (i + 1)}">${escaped(line)}</tspan>`)
      .join("");
    return `<image href="${data}" x="${x}" y="${y}" width="${side}" height="${side}"/><text>${lines}</text>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="14"><rect width="100%" height="100%" fill="white"/>${cells.join("")}</svg>\n`;
}

function brokenLines(caption: string): string[] {
  const lines: string[] = [];
  for (const word of caption.split(" ")) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= charactersALine)
      lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  if (lines.length <= linesShown) return lines;
  return [...lines.slice(0, linesShown - 1), `${lines[linesShown - 1]}…`];
}
