/** @type {import("next").NextConfig} */
export default {
  // edgecap finds its WebAssembly and its model beside its own files.
  serverExternalPackages: ["edgecap"],
};
