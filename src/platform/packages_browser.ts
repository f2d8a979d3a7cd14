/** The optional packages behind backends, in a browser, which loads none of them. Exports the same as packages.ts. */

/** Refuses: the package is of machine code. */
export async function importOnnxruntimeNode(): Promise<never> {
  throw new Error("a browser runs no machine code");
}

/** Nothing is to be done: no native library is loaded. */
export async function turnTelemetryOff(): Promise<void> {}

/** A browser knows by itself. */
export function mayHaveGraphics(): boolean {
  return true;
}

/** Refuses: a browser has its own. */
export async function importWebgpu(): Promise<never> {
  throw new Error("a browser has its own WebGPU, or none");
}
