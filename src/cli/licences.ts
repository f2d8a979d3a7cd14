import { readFile } from "node:fs/promises";
import type { RegisterVerb } from "./program.ts";

/**
 * Makes what adds `edgecap licences`.
 *
 * @param file Where the text is; in an executable, inside it.
 */
export function registerLicences(file: string | URL): RegisterVerb {
  return (program) => {
    program
      .command("licences")
      .description("Print the licences of what others made and edgecap carries.")
      .addHelpText("after", "\nExample:\n  edgecap licences | less")
      .action(async () => {
        process.stdout.write(await readFile(file, "utf8"));
      });
  };
}
