import { Option } from "commander";
import { backendNames } from "../runtime/backend.ts";

/** The option `--backend`, for every verb that captions. */
export function backendOption(): Option {
  return new Option(
    "--backend <name>",
    "what runs the model's graphs; auto takes the fastest that passes the bundle's test here (see doctor)",
  )
    .choices(["auto", ...backendNames])
    .default("auto")
    .env("EDGECAP_BACKEND");
}
