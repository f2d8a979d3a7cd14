import { get } from "node:http";
import type { Command } from "commander";
import { EdgecapError } from "../errors.ts";
import { exitStatus } from "./run_program.ts";

/** Time for the answer, in milliseconds. */
const patience = 5000;

/** Adds `edgecap healthcheck`. */
export function registerHealthcheck(program: Command): void {
  program
    .command("healthcheck")
    .description("Check that a server answers, where there is no curl: in a container.")
    .argument("[url]", "what to ask", "http://127.0.0.1:3000/healthz")
    .addHelpText(
      "after",
      `
Ask /readyz whether a server has loaded its bundle. An answer is waited for 5 seconds.

Exit status: 0 the answer is 200 or another success, 1 it is not or there is none, 2 wrong usage.

Example:
  edgecap healthcheck http://127.0.0.1:8080/readyz`,
    )
    .action(healthcheck);
}

async function healthcheck(url: string): Promise<void> {
  if (URL.parse(url)?.protocol !== "http:")
    throw new EdgecapError(
      "option-invalid",
      `"${url}" is no address to ask: give a URL with http, as the server speaks.`,
    );
  try {
    const { status, body } = await ask(url);
    process.stdout.write(`${url} answers ${status}: ${body}\n`);
    if (status < 200 || status > 299) process.exitCode = exitStatus.someFailed;
  } catch (cause) {
    process.stderr.write(`${url} does not answer: ${cause instanceof Error ? cause.message : String(cause)}\n`);
    process.exitCode = exitStatus.someFailed;
  }
}

/** Asks the address itself: fetch would go by way of a proxy where the environment names one. */
function ask(url: string): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    get(url, { signal: AbortSignal.timeout(patience) }, (answer) => {
      let body = "";
      answer.setEncoding("utf8");
      answer.on("data", (chunk: string) => {
        body += chunk;
      });
      answer.on("end", () => resolve({ status: answer.statusCode ?? 0, body }));
      answer.on("error", reject);
    }).on("error", reject);
  });
}
