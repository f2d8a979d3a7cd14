import packageJson from "../../package.json" with { type: "json" };
import { runtimeVersion } from "../platform/runtime_name.ts";

/** Written into an executable by scripts/build/compile.ts: the commit, and the hash of its bundle's manifest. */
declare const EDGECAP_BUILD: { readonly commit: string; readonly bundle: string } | undefined;

/** Version and runtime and, in an executable, what it was built from. */
export function versionText(): string {
  const build = typeof EDGECAP_BUILD === "undefined" ? undefined : EDGECAP_BUILD;
  const made = build === undefined ? [] : [`commit ${build.commit}`, `bundle ${build.bundle}`];
  return [`edgecap ${packageJson.version}`, runtimeVersion(), ...made].join(", ");
}
