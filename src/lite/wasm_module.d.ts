/** The type of an import of a `.wasm` file of edgecap, in bundlers for edge workers: the compiled module. */
declare const module: WebAssembly.Module;
export default module;
