import type { Caption, CaptionWord } from "../caption/caption.ts";
import type { CaptionSettings } from "../caption/options.ts";
import type { ErrorCode } from "../errors.ts";
import type { BackendChoice } from "../runtime/backend.ts";

/** The options of a caption that can be sent to a worker. */
export type JobOptions = CaptionSettings;

/** The model's description in the server's answers. */
export interface ModelCard {
  /** Name of the bundle, or folder of a transformers.js model. */
  readonly name: string;
  /** Version in the bundle's manifest. */
  readonly version?: string;
  /** Kind of decoder: `attention` or `article`. */
  readonly preset?: string;
  /** How the encoder's weights are stored: `fp32`, `fp16` or `int8`. */
  readonly precision?: string;
  /** The backend that executes its graphs. */
  readonly backend?: string;
  /** Number of words that it knows. */
  readonly vocabulary?: number;
  /** Default longest caption, in words. */
  readonly maxWords?: number;
  /** Size of its files, in bytes. */
  readonly bytes?: number;
}

/** From the pool to a worker. */
export type ToWorker =
  | {
      readonly type: "load";
      readonly bundle: string | ReadonlyMap<string, Uint8Array> | undefined;
      readonly backend: BackendChoice | undefined;
    }
  | {
      readonly type: "job";
      readonly id: number;
      readonly image: Uint8Array;
      readonly options: JobOptions;
      /** Whether to report words as they are decided. */
      readonly words: boolean;
    }
  | { readonly type: "abort"; readonly id: number }
  | { readonly type: "ping" };

/** From a worker to the pool. */
export type FromWorker =
  | {
      readonly type: "ready";
      readonly model: ModelCard;
      /** The same for workers that have the same model. */
      readonly identity: string;
    }
  | { readonly type: "refused"; readonly code: ErrorCode | undefined; readonly message: string }
  | { readonly type: "word"; readonly id: number; readonly word: CaptionWord }
  | { readonly type: "done"; readonly id: number; readonly caption: Caption }
  | { readonly type: "failed"; readonly id: number; readonly code: ErrorCode | undefined; readonly message: string }
  | { readonly type: "pong" };
