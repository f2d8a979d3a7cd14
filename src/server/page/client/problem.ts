/** Why there is no caption: what the server said, or that it said nothing. */
export class Problem extends Error {
  /** The server's code, or `unreachable` or `interrupted`. */
  readonly code: string;
  /** HTTP status, or 0. */
  readonly status: number;
  /** Seconds after which the server wants to be asked again. */
  readonly retryAfter: number | undefined;

  constructor(code: string, detail: string, status = 0, retryAfter?: number) {
    super(detail);
    this.name = "Problem";
    this.code = code;
    this.status = status;
    this.retryAfter = retryAfter;
  }
}

/** What to tell a person, and whether asking again can help. */
export interface Advice {
  readonly text: string;
  readonly retry: boolean;
}

const texts: Readonly<Record<string, string>> = {
  "image-empty": "This file is empty. Choose another photo.",
  "image-unsupported": "This is no photo that can be read here. Use a JPEG, PNG, WebP, GIF or BMP file.",
  "image-truncated": "This photo is cut short, as if it had not been saved or downloaded whole. Get it again.",
  "image-corrupt": "This photo is damaged and cannot be read. Save it again, or choose another.",
  "image-too-large": "This photo has too many pixels. Make it smaller, or choose another.",
};

/** Says a problem to a person. */
export function advise(problem: Problem): Advice {
  const known = texts[problem.code];
  if (known !== undefined) return { text: known, retry: false };
  if (problem.code === "unreachable")
    return {
      text: "The server does not answer. See whether it still runs, and whether you are connected.",
      retry: true,
    };
  if (problem.code === "interrupted")
    return { text: "The connection broke off before the caption was finished.", retry: true };
  if (problem.status === 401)
    return { text: "This server asks for an access token. Its operator can give you one.", retry: false };
  if (problem.status === 413)
    return { text: "This file is too large for the server. Choose a smaller one.", retry: false };
  if (problem.status === 429 || problem.status === 503) {
    const wait = problem.retryAfter === undefined ? "a moment" : seconds(problem.retryAfter);
    return { text: `The server is busy. Try again in ${wait}.`, retry: true };
  }
  if (problem.status >= 500) return { text: "Something went wrong on the server. Try again.", retry: true };
  return { text: problem.message || `The server refused this (${problem.status}).`, retry: false };
}

function seconds(count: number): string {
  return count === 1 ? "1 second" : `${count} seconds`;
}
