import pc from "picocolors";

/** Prints one line of a long verb's report: a title and its detail. */
export function say(what: string, detail: string): void {
  process.stdout.write(`${pc.bold(what)}  ${detail}\n`);
}
