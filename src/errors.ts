/**
 * Kind of the error, as a stable machine-readable code.
 *
 * Front ends map codes to exit statuses and HTTP statuses, so a code never changes its meaning.
 */
export type ErrorCode =
  | "image-empty"
  | "image-unsupported"
  | "image-truncated"
  | "image-corrupt"
  | "image-too-large"
  | "permission-missing"
  | "file-unreadable"
  | "file-unwritable"
  | "bundle-missing"
  | "bundle-file-missing"
  | "bundle-hash-mismatch"
  | "bundle-manifest-invalid"
  | "bundle-version-unsupported"
  | "bundle-shape-mismatch"
  | "captioner-closed"
  | "graph-failed"
  | "backend-unavailable"
  | "backend-lost"
  | "self-test-failed"
  | "queue-unavailable"
  | "queue-busy"
  | "queue-full"
  | "deadline-exceeded"
  | "worker-lost"
  | "draining"
  | "logits-invalid"
  | "option-invalid"
  | "data-invalid"
  | "checkpoint-invalid"
  | "layer-unsupported"
  | "aborted";

/**
 * Who caused an error: the picture, the caller, the bundle, the machine, or nobody, because the work was stopped.
 */
export type Fault = "picture" | "caller" | "bundle" | "machine" | "stopped";

const faults: Readonly<Record<ErrorCode, Fault>> = {
  "image-empty": "picture",
  "image-unsupported": "picture",
  "image-truncated": "picture",
  "image-corrupt": "picture",
  "image-too-large": "picture",
  "permission-missing": "machine",
  "file-unreadable": "picture",
  "file-unwritable": "machine",
  "bundle-missing": "bundle",
  "bundle-file-missing": "bundle",
  "bundle-hash-mismatch": "bundle",
  "bundle-manifest-invalid": "bundle",
  "bundle-version-unsupported": "bundle",
  "bundle-shape-mismatch": "bundle",
  "captioner-closed": "caller",
  "graph-failed": "machine",
  "backend-unavailable": "machine",
  "backend-lost": "machine",
  "self-test-failed": "machine",
  "queue-unavailable": "machine",
  "queue-busy": "machine",
  "queue-full": "machine",
  "deadline-exceeded": "machine",
  "worker-lost": "machine",
  draining: "stopped",
  "logits-invalid": "machine",
  "option-invalid": "caller",
  "data-invalid": "caller",
  "checkpoint-invalid": "caller",
  "layer-unsupported": "caller",
  aborted: "stopped",
};

/**
 * Tells who caused an error, to decide whether to continue with other pictures.
 *
 * @param code An error's code; `internal`, for unexpected errors, counts as the machine's fault.
 */
export function faultOf(code: ErrorCode | "internal"): Fault {
  return code === "internal" ? "machine" : faults[code];
}

/**
 * The error that edgecap throws if something is wrong: an {@linkcode ErrorCode}, and a message that says what to do.
 *
 * @example
 * ```ts
 * import { EdgecapError, load } from "edgecap";
 *
 * try {
 *   await load({ bundle: "no/such/folder" });
 * } catch (error) {
 *   if (!(error instanceof EdgecapError)) throw error;
 *   console.log(error.code); // bundle-missing
 * }
 * ```
 */
export class EdgecapError extends Error {
  /** The machine-readable kind of the error. */
  readonly code: ErrorCode;

  /**
   * Makes an error. Users of edgecap only catch them.
   *
   * @param code Machine-readable kind.
   * @param message One sentence that quotes the offending value, says where it was, and what to do.
   * @param options `cause` keeps the underlying error.
   */
  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "EdgecapError";
    this.code = code;
  }
}

/**
 * Throws the reason of an aborted signal, as `fetch` and the rest of the platform do.
 *
 * @throws {EdgecapError} `option-invalid` if it is not a signal but, for instance, its controller.
 */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal === undefined) return;
  if (typeof signal?.throwIfAborted !== "function") {
    const kind = signal === null ? "null" : ((signal as object).constructor?.name ?? typeof signal);
    const message = `signal is not an AbortSignal but ${kind}: give the signal of an AbortController.`;
    throw new EdgecapError("option-invalid", message);
  }
  signal.throwIfAborted();
}

/**
 * The error for a permission that Deno lacks, with its name; `undefined` for other errors.
 *
 * @param cause What was thrown, or an error caused by it.
 */
export function permissionMissing(cause: unknown): EdgecapError | undefined {
  let refused = cause;
  while (refused instanceof Error && refused.name !== "NotCapable") refused = refused.cause;
  if (!(refused instanceof Error)) return undefined;
  const found = /^Requires (.+), run again with the (--[\w-]+) flag$/.exec(refused.message.trim());
  const what = found === null ? refused.message : `${found[1]}. Start it with ${found[2]}`;
  return new EdgecapError("permission-missing", `Deno lacks a permission that edgecap needs: ${what}.`, { cause });
}

/** How runtimes and libraries say that they get no memory. */
const noMemory = /out of memory|(?:cannot|could not|failed to) allocate|unable to grow|bad_alloc|memory allocation/i;

/**
 * The error for a lack of memory, with what to do; `undefined` for other errors.
 *
 * @param cause What was thrown, or an error caused by it.
 */
export function memoryMissing(cause: unknown): EdgecapError | undefined {
  let lacking = cause;
  while (lacking instanceof Error && !noMemory.test(lacking.message)) lacking = lacking.cause;
  if (!(lacking instanceof Error)) return undefined;
  const what = lacking.message.replace(/\.$/, "");
  const todo = "Free some, or lift limits such as ulimit -v: WebAssembly reserves many gigabytes of addresses";
  return new EdgecapError("graph-failed", `There is not enough memory: ${what}. ${todo}.`, { cause });
}

/**
 * The error for a file that cannot be written; an {@linkcode EdgecapError} is returned unchanged.
 *
 * @param path The file or folder.
 * @param cause The error of the operating system.
 */
export function unwritable(path: string, cause: unknown): EdgecapError {
  if (cause instanceof EdgecapError) return cause;
  const code = (cause as { readonly code?: unknown } | null)?.code;
  const why = whyUnwritable[String(code)] ?? `${String(cause)}. Check that you may write to the folder`;
  return new EdgecapError("file-unwritable", `Cannot write "${path}": ${why}.`, { cause });
}

/** Why a file cannot be written, and what to do, by the operating system's code. */
const whyUnwritable: Readonly<Record<string, string>> = {
  ENOSPC: "the disk is full. Free some space and try again",
  EDQUOT: "the disk is full. Free some space and try again",
  EROFS: "its file system is read-only. Choose a folder elsewhere",
  EACCES: "the permissions of its folder do not allow it. Choose another folder",
  EPERM: "the permissions of its folder do not allow it. Choose another folder",
  ENOENT: "its folder does not exist. Make the folder first, or choose another one",
  ENOTDIR: "a part of its path is a file, not a folder. Choose another path",
  ENAMETOOLONG: "its name is too long. Choose a shorter one",
};

/**
 * The error that began a failure. A `using` whose disposal fails too wraps it in a SuppressedError, whose own message
 * says nothing.
 */
export function firstThrown(error: unknown): unknown {
  let first = error;
  // Checked by name, because runtimes without SuppressedError get a plain Error with the same fields.
  while (first instanceof Error && first.name === "SuppressedError" && "suppressed" in first) first = first.suppressed;
  return first;
}
