import type { Speech, TextName } from "./language/speech.ts";

/** Why a photo has no caption: the server's reason, no answer, or a format that the browser cannot read. */
export class Problem extends Error {
  /** The server's code, or `unreachable`, `interrupted`, `file-gone` or `format-unreadable`. */
  readonly code: string;
  /** HTTP status, or 0. */
  readonly status: number;
  /** Seconds after which the server accepts another try. */
  readonly retryAfter: number | undefined;

  /** @param detail What the server said; for `format-unreadable`, the format. */
  constructor(code: string, detail: string, status = 0, retryAfter?: number) {
    super(detail);
    this.name = "Problem";
    this.code = code;
    this.status = status;
    this.retryAfter = retryAfter;
  }

  /** Whether the server is busy at the moment. */
  get busy(): boolean {
    return this.status === 429 || this.status === 503;
  }

  /** Whether every other photo would fail too: the server is gone, or asks for a token. */
  get general(): boolean {
    return this.code === "unreachable" || this.status === 401;
  }
}

/** Any error as a problem. */
export function problemOf(error: unknown): Problem {
  return error instanceof Problem ? error : new Problem("interrupted", String(error));
}

/** The message for a person, and whether another try can help. */
export interface Advice {
  readonly text: string;
  readonly retry: boolean;
}

const texts: Readonly<Record<string, TextName>> = {
  "file-gone": "fileGone",
  "image-empty": "imageEmpty",
  "image-unsupported": "imageUnsupported",
  "image-truncated": "imageTruncated",
  "image-corrupt": "imageCorrupt",
  "image-too-large": "imageTooLarge",
  "caption-unsure": "captionUnsure",
};

/** Says a problem to a person. */
export function advise(problem: Problem, speech: Speech): Advice {
  const advice = (name: TextName, retry: boolean): Advice => ({ text: speech.say(name), retry });
  const known = texts[problem.code];
  if (known !== undefined) return advice(known, false);
  if (problem.code === "format-unreadable") {
    const text =
      problem.message === "HEIC" ? speech.say("heic") : speech.say("formatUnreadable", { format: problem.message });
    return { text, retry: false };
  }
  if (problem.code === "unreachable") return advice("unreachable", true);
  if (problem.code === "interrupted") return advice("interrupted", true);
  if (problem.status === 401) return advice("tokenWanted", false);
  if (problem.status === 413) return advice("fileTooLarge", false);
  if (problem.busy) {
    if (problem.retryAfter === undefined) return advice("busy", true);
    return { text: speech.say("busyFor", { wait: speech.seconds(problem.retryAfter) }), retry: true };
  }
  if (problem.status >= 500) return advice("serverFault", true);
  return { text: problem.message || speech.say("refused", { status: String(problem.status) }), retry: false };
}
