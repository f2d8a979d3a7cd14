/** What Bun gives for an import `with { type: "file" }`: the path of the file. */
declare module "*.wasm" {
  const path: string;
  export default path;
}

declare module "onnxruntime-web/ort-wasm-simd-threaded.mjs" {
  const path: string;
  export default path;
}

declare module "*.onnx" {
  const path: string;
  export default path;
}

declare module "*.safetensors" {
  const path: string;
  export default path;
}

declare module "*.txt" {
  const path: string;
  export default path;
}

/** package.json chooses the build: all that is needed in a browser, where every byte is fetched, is its WebAssembly. */
declare module "#onnxruntime" {
  export * from "onnxruntime-web";
}

/** The build with WebGPU; a package's own copy in a browser, which names no file for a bundler to take along. */
declare module "#onnxruntime-webgpu" {
  export * from "onnxruntime-web/webgpu";
}
