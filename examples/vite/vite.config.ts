import { defineConfig } from "vite";

// The script waits for the model at its top level, which browsers have known since 2021.
export default defineConfig({ build: { target: "es2022" } });
