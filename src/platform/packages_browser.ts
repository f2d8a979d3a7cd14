/** The optional packages of backends in a browser, which loads none of them. Exports the same as packages.ts. */

/** Always throws: the package contains machine code. */
export async function importOnnxruntimeNode(): Promise<never> {
  throw new Error("a browser cannot run machine code");
}

/** Does nothing: no native library is loaded. */
export async function turnTelemetryOff(): Promise<void> {}

/** Always true: the browser itself knows. */
export function mayHaveGraphics(): boolean {
  return true;
}

/** Always throws: a browser has its own WebGPU, if any. */
export async function importWebgpu(): Promise<never> {
  throw new Error("a browser has its own WebGPU, or none");
}
