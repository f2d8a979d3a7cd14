/* tslint:disable */
/* eslint-disable */

/**
 * A decoded picture.
 */
export class Picture {
    private constructor();
    free(): void;
    [Symbol.dispose](): void;
    /**
     * Red, green, blue, row by row. A second call gives nothing.
     */
    takeRgb(): Uint8Array;
    /**
     * What the file's header says.
     */
    readonly header: PictureHeader;
    /**
     * Pixels of the decoded picture from top to bottom.
     */
    readonly height: number;
    /**
     * Pixels of the decoded picture from left to right.
     */
    readonly width: number;
}

/**
 * Content of a picture's header.
 */
export class PictureHeader {
    private constructor();
    free(): void;
    [Symbol.dispose](): void;
    /**
     * `jpeg`, `png`, `webp`, `gif` or `bmp`.
     */
    format: string;
    /**
     * Pixels from top to bottom, before any EXIF orientation.
     */
    height: number;
    /**
     * Pixels from left to right, before any EXIF orientation.
     */
    width: number;
}

/**
 * Decodes a picture to `width` x `height` pixels. Throws a text that begins with a code and a colon.
 */
export function decode(bytes: Uint8Array, width: number, height: number, max_pixels: number): Picture;

/**
 * Decodes a picture with its proportions kept, the longer side at most `longer` pixels. Throws as `decode` does.
 */
export function decodeWithin(bytes: Uint8Array, longer: number, max_pixels: number): Picture;

/**
 * Reads a picture's header. Throws a text that begins with a code and a colon.
 */
export function probe(bytes: Uint8Array): PictureHeader;

export type InitInput = RequestInfo | URL | Response | BufferSource | WebAssembly.Module;

export interface InitOutput {
    readonly memory: WebAssembly.Memory;
    readonly __wbg_get_pictureheader_format: (a: number) => [number, number];
    readonly __wbg_get_pictureheader_height: (a: number) => number;
    readonly __wbg_get_pictureheader_width: (a: number) => number;
    readonly __wbg_picture_free: (a: number, b: number) => void;
    readonly __wbg_pictureheader_free: (a: number, b: number) => void;
    readonly __wbg_set_pictureheader_format: (a: number, b: number, c: number) => void;
    readonly __wbg_set_pictureheader_height: (a: number, b: number) => void;
    readonly __wbg_set_pictureheader_width: (a: number, b: number) => void;
    readonly decode: (a: number, b: number, c: number, d: number, e: number) => [number, number, number];
    readonly decodeWithin: (a: number, b: number, c: number, d: number) => [number, number, number];
    readonly picture_header: (a: number) => number;
    readonly picture_height: (a: number) => number;
    readonly picture_takeRgb: (a: number) => [number, number];
    readonly picture_width: (a: number) => number;
    readonly probe: (a: number, b: number) => [number, number, number];
    readonly __wbindgen_externrefs: WebAssembly.Table;
    readonly __wbindgen_malloc: (a: number, b: number) => number;
    readonly __externref_table_dealloc: (a: number) => void;
    readonly __wbindgen_free: (a: number, b: number, c: number) => void;
    readonly __wbindgen_realloc: (a: number, b: number, c: number, d: number) => number;
    readonly __wbindgen_start: () => void;
}

export type SyncInitInput = BufferSource | WebAssembly.Module;

/**
 * Instantiates the given `module`, which can either be bytes or
 * a precompiled `WebAssembly.Module`.
 *
 * @param {{ module: SyncInitInput }} module - Passing `SyncInitInput` directly is deprecated.
 *
 * @returns {InitOutput}
 */
export function initSync(module: { module: SyncInitInput } | SyncInitInput): InitOutput;

/**
 * If `module_or_path` is {RequestInfo} or {URL}, makes a request and
 * for everything else, calls `WebAssembly.instantiate` directly.
 *
 * @param {{ module_or_path: InitInput | Promise<InitInput> }} module_or_path - Passing `InitInput` directly is deprecated.
 *
 * @returns {Promise<InitOutput>}
 */
export default function __wbg_init (module_or_path?: { module_or_path: InitInput | Promise<InitInput> } | InitInput | Promise<InitInput>): Promise<InitOutput>;
