import type { Command } from "commander";
import { EdgecapError } from "../errors.ts";
import { exitStatus } from "./run_program.ts";

/** Longest wait for the answer, in milliseconds. */
const timeoutMs = 5000;

/** Adds `edgecap healthcheck`. */
export function registerHealthcheck(program: Command): void {
  program
    .command("healthcheck")
    .description("Check that a server answers, for containers that have no curl.")
    .argument("[url]", "address to request", "http://127.0.0.1:3000/healthz")
    .addHelpText(
      "after",
      `
Request /readyz to check that a server has loaded its bundle. The command waits 5 seconds for the answer.

Exit status: 0 the answer is a success such as 200, 1 another answer or none, 2 wrong usage.

Example:
  edgecap healthcheck http://127.0.0.1:8080/readyz`,
    )
    .action(healthcheck);
}

async function healthcheck(url: string): Promise<void> {
  if (URL.parse(url)?.protocol !== "http:")
    throw new EdgecapError(
      "option-invalid",
      `"${url}" cannot be requested: give a URL that begins with http://, because the server only speaks plain HTTP.`,
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

/** Requests the address directly, because fetch would use a proxy from the environment. */
async function ask(url: string): Promise<{ status: number; body: string }> {
  // Other verbs start faster without it.
  const { get } = await import("node:http");
  return await new Promise((resolve, reject) => {
    get(url, { signal: AbortSignal.timeout(timeoutMs) }, (answer) => {
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
