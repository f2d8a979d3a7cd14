import { defineConfig } from "vite";

// The script uses top-level await, which browsers support since 2021.
export default defineConfig({ build: { target: "es2022" } });
