/** What an import of a `.wasm` file of edgecap gives in bundlers for workers: the module, compiled. */
declare const module: WebAssembly.Module;
export default module;
