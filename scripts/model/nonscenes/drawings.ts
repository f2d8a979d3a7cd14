import type { SeededRandom } from "../../../src/dataset/seeded_random.ts";
import type { Canvas, Colour } from "./canvas.ts";
import { nonsense } from "./glyphs.ts";

/** Draws something without a scene. */
export type Drawing = (canvas: Canvas, random: SeededRandom) => void;

/** One kind of picture, drawn in two ways: one to fit on, the other to judge with. */
export interface Kind {
  readonly judged: Drawing;
  readonly fitting: Drawing;
}

const white: Colour = [255, 255, 255];
const ink: Colour = [30, 30, 34];
const grey: Colour = [205, 208, 214];

const any = (random: SeededRandom): Colour => [256 * random.next(), 256 * random.next(), 256 * random.next()];
const between = (random: SeededRandom, low: number, high: number) => low + (high - low) * random.next();
const mixed = (a: Colour, b: Colour, part: number): Colour => [
  a[0] + (b[0] - a[0]) * part,
  a[1] + (b[1] - a[1]) * part,
  a[2] + (b[2] - a[2]) * part,
];

/** Lines of nonsense in a column, aligned on the left. */
function paragraph(canvas: Canvas, random: SeededRandom, [left, top, width, height]: readonly number[], colour = ink) {
  for (let y = top!; y + 8 <= top! + height!; y += 12) {
    let x = left!;
    const end = left! + width! * (random.next() < 0.2 ? 0.5 : 1);
    for (;;) {
      const word = nonsense(() => random.next());
      if (x + 6 * word.length > end) break;
      x = canvas.text(word, x, y, 1, colour) + 6;
    }
  }
}

const blank: Kind = {
  judged: (canvas, random) => {
    const level = 255 * Math.round(random.next() * 4) * 0.25;
    const colour: Colour = random.next() < 0.5 ? [level, level, level] : any(random);
    canvas.paint(() => colour);
  },
  fitting: (canvas, random) => {
    const [inner, edge] = [any(random), any(random)];
    const border = random.next() < 0.5 ? 0 : 12;
    canvas.paint(() => edge);
    canvas.rectangle(border, border, canvas.width - 2 * border, canvas.height - 2 * border, inner);
  },
};

const gradient: Kind = {
  judged: (canvas, random) => {
    const [from, to, angle] = [any(random), any(random), 2 * Math.PI * random.next()];
    const radial = random.next() < 0.4;
    const [cx, cy] = [canvas.width / 2, canvas.height / 2];
    canvas.paint((x, y) => {
      const along = 0.5 + ((x - cx) * Math.cos(angle) + (y - cy) * Math.sin(angle)) / canvas.width;
      return mixed(from, to, radial ? Math.hypot(x - cx, y - cy) / cx : along);
    });
  },
  fitting: (canvas, random) => {
    const corners = [any(random), any(random), any(random), any(random)] as const;
    const plain = random.next() < 0.5;
    canvas.paint((x, y) => {
      const [across, down] = [x / canvas.width, y / canvas.height];
      if (plain) return mixed(corners[0], corners[1], down);
      return mixed(mixed(corners[0], corners[1], across), mixed(corners[2], corners[3], across), down);
    });
  },
};

const noise: Kind = {
  judged: (canvas, random) => {
    const [middle, spread, colourful] = [any(random), between(random, 25, 90), random.next() < 0.5];
    canvas.paint(() => {
      const shift = spread * random.normal();
      return middle.map((value) => value + (colourful ? spread * random.normal() : shift)) as unknown as Colour;
    });
  },
  fitting: (canvas, random) => {
    const block = 2 ** Math.floor(between(random, 0, 6));
    const colours = Array.from({ length: 512 }, () => any(random));
    canvas.paint((x, y) => colours[(Math.floor(x / block) * 31 + Math.floor(y / block) * 97) % 512]!);
  },
};

const page: Kind = {
  judged: (canvas, random) => {
    const { width, height } = canvas;
    canvas.paint(() => white);
    canvas.text(
      nonsense(() => random.next()),
      24,
      20,
      3,
      ink,
    );
    paragraph(canvas, random, [24, 56, width - 48, height - 80]);
  },
  fitting: (canvas, random) => {
    const { width, height } = canvas;
    canvas.paint(() => [250, 248, 240]);
    canvas.text(
      nonsense(() => random.next()),
      width / 4,
      12,
      2,
      ink,
    );
    paragraph(canvas, random, [16, 40, width / 2 - 28, height - 52]);
    paragraph(canvas, random, [width / 2 + 8, 40, width / 2 - 28, height - 52]);
  },
};

const screen: Kind = {
  judged: (canvas, random) => {
    const { width, height } = canvas;
    const accent = any(random);
    canvas.paint(() => [246, 247, 250]);
    canvas.rectangle(0, 0, width, 26, accent);
    canvas.text(
      nonsense(() => random.next()),
      10,
      8,
      1,
      white,
    );
    canvas.rectangle(0, 26, width * 0.22, height, grey);
    for (let y = 40; y < height - 12; y += 18) canvas.text(nonsense(() => random.next()).slice(0, 9), 8, y, 1, ink);
    for (let i = 0; i < 4; i++) {
      const [x, y] = [width * (0.26 + 0.37 * (i % 2)), 40 + (i >> 1) * (height / 2 - 20)];
      canvas.rectangle(x, y, width * 0.34, height / 2 - 36, white);
      paragraph(canvas, random, [x + 8, y + 8, width * 0.34 - 16, height / 2 - 70]);
      canvas.rectangle(x + 8, y + height / 2 - 56, 56, 14, accent);
    }
  },
  fitting: (canvas, random) => {
    const { width, height } = canvas;
    const [back, front] = random.next() < 0.6 ? [ink, [90, 220, 120] as const] : [white, ink];
    canvas.paint(() => back);
    paragraph(canvas, random, [8, 8, width * between(random, 0.4, 0.9), height - 16], front);
    if (random.next() < 0.5) {
      canvas.rectangle(width / 4, height / 3, width / 2, height / 3, grey);
      canvas.text(
        nonsense(() => random.next()),
        width / 4 + 12,
        height / 3 + 16,
        2,
        ink,
      );
      canvas.rectangle(width / 2, height * 0.55, width / 5, 18, any(random));
    }
  },
};

const logo: Kind = {
  judged: (canvas, random) => {
    const { width, height } = canvas;
    const [colour, inner] = [any(random), any(random)];
    canvas.paint(() => white);
    canvas.disc(width / 2, height * 0.4, height * 0.26, colour);
    canvas.disc(width / 2 + between(random, -20, 20), height * 0.4, height * 0.13, inner);
    const name = nonsense(() => random.next()).slice(0, 8);
    canvas.text(name, width / 2 - 12 * name.length, height * 0.78, 4, colour);
  },
  fitting: (canvas, random) => {
    const { width, height } = canvas;
    const [back, colour] = [random.next() < 0.5 ? white : any(random), any(random)];
    canvas.paint(() => back);
    const size = height * between(random, 0.15, 0.25);
    const triangle = random.next() < 0.5;
    canvas.shape(width * 0.3, height / 2, Math.ceil(size), colour, (dx, dy) =>
      triangle ? Math.abs(dx) < (dy + size) / 2 : Math.max(Math.abs(dx), Math.abs(dy)) > size / 2,
    );
    canvas.text(nonsense(() => random.next()).slice(0, 5), width * 0.52, height / 2 - 14, 4, colour);
  },
};

/** White paper with two axes, a scale and a title. */
function axes(canvas: Canvas, random: SeededRandom): void {
  canvas.paint(() => white);
  canvas.text(
    nonsense(() => random.next()),
    60,
    10,
    2,
    ink,
  );
  for (let i = 0; i <= 4; i++) {
    const y = canvas.height - 30 - (i * (canvas.height - 70)) / 4;
    canvas.text(String(i * 25), 6, y - 3, 1, ink);
    canvas.rectangle(36, y, canvas.width - 50, 1, grey);
  }
  canvas.rectangle(36, 34, 2, canvas.height - 64, ink);
}

const bars: Kind = {
  judged: (canvas, random) => {
    axes(canvas, random);
    const colour = any(random);
    const count = Math.floor(between(random, 4, 9));
    const step = (canvas.width - 60) / count;
    for (let i = 0; i < count; i++) {
      const tall = between(random, 0.1, 1) * (canvas.height - 70);
      canvas.rectangle(46 + i * step, canvas.height - 30 - tall, step * 0.7, tall, colour);
    }
  },
  fitting: (canvas, random) => {
    axes(canvas, random);
    for (let y = 40; y < canvas.height - 45; y += 26)
      canvas.rectangle(38, y, between(random, 0.1, 1) * (canvas.width - 60), 16, any(random));
  },
};

const curves: Kind = {
  judged: (canvas, random) => {
    axes(canvas, random);
    for (let curve = 0; curve < 3; curve++) {
      const colour = any(random);
      let y = between(random, 60, canvas.height - 60);
      for (let x = 38; x < canvas.width - 24; x += 16) {
        const next = Math.min(canvas.height - 34, Math.max(40, y + 18 * random.normal()));
        canvas.line(x, y, x + 16, next, 2, colour);
        y = next;
      }
    }
  },
  fitting: (canvas, random) => {
    axes(canvas, random);
    const [colour, slope] = [any(random), between(random, -0.6, 0.6)];
    for (let i = 0; i < 90; i++) {
      const x = between(random, 44, canvas.width - 20);
      const y = canvas.height / 2 + slope * (x - canvas.width / 2) + 22 * random.normal();
      canvas.disc(x, Math.min(canvas.height - 34, Math.max(38, y)), 3, colour);
    }
  },
};

const shares: Kind = {
  judged: (canvas, random) => {
    canvas.paint(() => white);
    const [x, y, radius] = [canvas.width * 0.4, canvas.height / 2, canvas.height * 0.38];
    const ends = Array.from({ length: 5 }, () => random.next()).sort((a, b) => a - b);
    const colours = Array.from({ length: 6 }, () => any(random));
    for (const [i, colour] of colours.entries()) {
      const [from, to] = [ends[i - 1] ?? 0, ends[i] ?? 1];
      canvas.shape(x, y, Math.ceil(radius), colour, (dx, dy) => {
        const turn = Math.atan2(dy, dx) / (2 * Math.PI) + 0.5;
        return Math.hypot(dx, dy) <= radius && turn >= from && turn <= to;
      });
      canvas.rectangle(canvas.width * 0.76, 40 + i * 24, 12, 12, colour);
      canvas.text(nonsense(() => random.next()).slice(0, 6), canvas.width * 0.76 + 18, 42 + i * 24, 1, ink);
    }
  },
  fitting: (canvas, random) => {
    canvas.paint(() => white);
    const [low, high] = [any(random), any(random)];
    const cells = Math.floor(between(random, 5, 12));
    const [wide, tall] = [(canvas.width - 60) / cells, (canvas.height - 50) / cells];
    for (let row = 0; row < cells; row++)
      for (let column = 0; column < cells; column++)
        canvas.rectangle(40 + column * wide, 20 + row * tall, wide - 1, tall - 1, mixed(low, high, random.next()));
    for (let row = 0; row < cells; row++) canvas.text(String(row), 16, 24 + row * tall, 1, ink);
  },
};

const stripes: Kind = {
  judged: (canvas, random) => {
    const [a, b, wide, angle] = [any(random), any(random), between(random, 5, 30), Math.PI * random.next()];
    canvas.paint((x, y) => (((x * Math.cos(angle) + y * Math.sin(angle)) / wide) & 1 ? a : b));
  },
  fitting: (canvas, random) => {
    const [a, b, wide] = [any(random), any(random), between(random, 6, 40)];
    canvas.paint((x, y) => ((Math.floor(x / wide) + Math.floor(y / wide)) & 1 ? a : b));
  },
};

const dots: Kind = {
  judged: (canvas, random) => {
    const [back, colour, step] = [any(random), any(random), between(random, 14, 40)];
    const radius = step * between(random, 0.15, 0.45);
    canvas.paint((x, y) => (Math.hypot((x % step) - step / 2, (y % step) - step / 2) < radius ? colour : back));
  },
  fitting: (canvas, random) => {
    const [a, b, long, wide] = [any(random), any(random), between(random, 20, 60), between(random, 8, 24)];
    canvas.paint((x, y) => (Math.floor((y + wide * Math.sin((2 * Math.PI * x) / long)) / wide) & 1 ? a : b));
  },
};

const code: Kind = {
  judged: (canvas, random) => {
    canvas.paint(() => white);
    const cells = Math.floor(between(random, 21, 34));
    const side = Math.floor((canvas.height - 30) / cells);
    const [left, top] = [(canvas.width - cells * side) / 2, (canvas.height - cells * side) / 2];
    for (let row = 0; row < cells; row++)
      for (let column = 0; column < cells; column++)
        if (random.next() < 0.5) canvas.rectangle(left + column * side, top + row * side, side, side, ink);
    for (const [column, row] of [
      [0, 0],
      [cells - 7, 0],
      [0, cells - 7],
    ] as const) {
      for (const [inset, colour] of [ink, white, ink].entries()) {
        const [x, y] = [left + (column + inset) * side, top + (row + inset) * side];
        canvas.rectangle(x, y, (7 - 2 * inset) * side, (7 - 2 * inset) * side, colour);
      }
    }
  },
  fitting: (canvas, random) => {
    canvas.paint(() => white);
    for (let x = 24; x < canvas.width - 24; ) {
      const wide = Math.ceil(between(random, 0, 5));
      canvas.rectangle(x, 30, wide, canvas.height - 80, ink);
      x += wide + Math.ceil(between(random, 0, 5));
    }
    canvas.text(String(random.nextUint32()), 40, canvas.height - 40, 3, ink);
  },
};

/** Every kind by name. */
export const kinds: Readonly<Record<string, Kind>> = {
  ...{ blank, gradient, noise, page, screen, logo },
  ...{ bars, curves, shares, stripes, dots, code },
};
