import { Option } from "commander";
import { backendNames } from "../runtime/backend.ts";

/** The option `--backend` of all verbs that caption. */
export function backendOption(): Option {
  return new Option("--backend <name>", "what runs the graphs; auto is the fastest that proves right here (see doctor)")
    .choices(["auto", ...backendNames])
    .default("auto")
    .env("EDGECAP_BACKEND");
}
