/** The runtime of this code. */
export type RuntimeName = "Bun" | "Deno" | "Node" | "browser";

/**
 * The runtime of this code. Bun and Deno also give Node's version, and a bundler's `process` in a browser gives none.
 */
export function runtimeName(): RuntimeName {
  const { bun, deno, node } = versions();
  if (deno !== undefined) return "Deno";
  if (bun !== undefined) return "Bun";
  return node === undefined ? "browser" : "Node";
}

/** The runtime of this code and its version, such as `Bun 1.4.5`. */
export function runtimeVersion(): string {
  const name = runtimeName();
  return name === "browser" ? name : `${name} ${versions()[name.toLowerCase()]}`;
}

/**
 * Whether a permission is there, without asking the user for it. Deno alone has permissions.
 *
 * @param permission As `Deno.permissions.query` takes it.
 */
export function isGranted(permission: { readonly name: string; readonly variable?: string }): boolean {
  const { Deno } = globalThis as {
    readonly Deno?: { permissions: { querySync(what: object): { readonly state: string } } };
  };
  return Deno === undefined || Deno.permissions.querySync(permission).state === "granted";
}

function versions(): Readonly<Record<string, string | undefined>> {
  return (globalThis as { readonly process?: Partial<NodeJS.Process> }).process?.versions ?? {};
}
