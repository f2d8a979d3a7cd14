/** Caches the page and the WebAssembly, so that the page opens offline; edgecap caches the model itself. */
const scope = globalThis as unknown as ServiceWorkerGlobalScope;
const kept = "page-1";

scope.addEventListener("install", (event) => {
  const ort = "ort-wasm-simd-threaded";
  const files = [
    "./",
    "main.js",
    ...["text.wasm", "image.wasm", "engine_dot16.wasm", "engine_relaxed.wasm", `${ort}.mjs`, `${ort}.wasm`].map(
      (name) => `edgecap/${name}`,
    ),
  ];
  event.waitUntil(caches.open(kept).then((cache) => cache.addAll(files)));
});

scope.addEventListener("fetch", (event) => {
  if (event.request.method !== "GET") return;
  // The newest version with a connection, the cached one without.
  event.respondWith(fetch(event.request).catch(async () => (await caches.match(event.request)) ?? Response.error()));
});
