import pc from "picocolors";

/** Prints one line of the report of a verb that takes long: a title and a detail. */
export function reportLine(what: string, detail: string): void {
  process.stdout.write(`${pc.bold(what)}  ${detail}\n`);
}
