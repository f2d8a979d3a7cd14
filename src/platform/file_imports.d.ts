/** Bun's value for an import `with { type: "file" }`: the path of the file. */
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

/** package.json chooses the build: a browser, which downloads every byte, only needs the WebAssembly one. */
declare module "#onnxruntime" {
  export * from "onnxruntime-web";
}

/** The build with WebGPU; in a browser the package's own copy, which refers to no file that a bundler would include. */
declare module "#onnxruntime-webgpu" {
  export * from "onnxruntime-web/webgpu";
}
