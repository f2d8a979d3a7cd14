import { readFile } from "node:fs/promises";
import type { RegisterVerb } from "./program.ts";

/**
 * Makes the function that adds `edgecap licences`.
 *
 * @param file Path of the text; in an executable, it is inside.
 */
export function registerLicences(file: string | URL): RegisterVerb {
  return (program) => {
    program
      .command("licences")
      .description("Print the licences of the third-party code inside edgecap.")
      .addHelpText("after", "\nExample:\n  edgecap licences | less")
      .action(async () => {
        process.stdout.write(await readFile(file, "utf8"));
      });
  };
}
