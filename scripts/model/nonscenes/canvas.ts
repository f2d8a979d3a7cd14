import { glyph } from "./glyphs.ts";

/** Red, green and blue, 0 to 255. */
export type Colour = readonly [number, number, number];

/** RGB pixels that can be drawn on; anything outside is ignored. */
export class Canvas {
  readonly width: number;
  readonly height: number;
  /** 3 bytes per pixel, row by row. */
  readonly rgb: Uint8Array;

  constructor(width: number, height: number, background: Colour) {
    this.width = width;
    this.height = height;
    this.rgb = new Uint8Array(3 * width * height);
    this.paint(() => background);
  }

  /** Sets the colour of every pixel by its place. */
  paint(colourAt: (x: number, y: number) => Colour): void {
    for (let y = 0; y < this.height; y++) {
      for (let x = 0; x < this.width; x++) this.rgb.set(bytes(colourAt(x, y)), 3 * (y * this.width + x));
    }
  }

  rectangle(left: number, top: number, width: number, height: number, colour: Colour): void {
    const [x0, x1] = [Math.max(0, Math.round(left)), Math.min(this.width, Math.round(left + width))];
    const [y0, y1] = [Math.max(0, Math.round(top)), Math.min(this.height, Math.round(top + height))];
    for (let y = y0; y < y1; y++) for (let x = x0; x < x1; x++) this.#dot(x, y, colour);
  }

  /** Fills the part of a square around a point for which a function returns true. */
  shape(x: number, y: number, radius: number, colour: Colour, inside: (dx: number, dy: number) => boolean): void {
    for (let dy = -radius; dy <= radius; dy++)
      for (let dx = -radius; dx <= radius; dx++)
        if (inside(dx, dy)) this.#dot(Math.round(x + dx), Math.round(y + dy), colour);
  }

  disc(x: number, y: number, radius: number, colour: Colour): void {
    this.shape(x, y, Math.ceil(radius), colour, (dx, dy) => dx * dx + dy * dy <= radius * radius);
  }

  line(x0: number, y0: number, x1: number, y1: number, thickness: number, colour: Colour): void {
    const steps = Math.ceil(Math.hypot(x1 - x0, y1 - y0)) + 1;
    for (let step = 0; step <= steps; step++) {
      const [x, y] = [x0 + ((x1 - x0) * step) / steps, y0 + ((y1 - y0) * step) / steps];
      this.rectangle(x - thickness / 2, y - thickness / 2, thickness, thickness, colour);
    }
  }

  /** Writes capitals and digits of 5 x 7 pixels times `size`. @returns Where the next character would begin. */
  text(words: string, left: number, top: number, size: number, colour: Colour): number {
    let x = left;
    for (const character of words) {
      for (const [row, pixels] of glyph(character).entries())
        for (const [column, ink] of pixels.entries())
          if (ink) this.rectangle(x + column * size, top + row * size, size, size, colour);
      x += 6 * size;
    }
    return x;
  }

  #dot(x: number, y: number, colour: Colour): void {
    if (x < 0 || y < 0 || x >= this.width || y >= this.height) return;
    this.rgb.set(bytes(colour), 3 * (y * this.width + x));
  }
}

function bytes(colour: Colour): number[] {
  return colour.map((value) => Math.min(255, Math.max(0, Math.round(value))));
}
