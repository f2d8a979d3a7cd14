#!/usr/bin/env bun
import "./check_runtime.ts";

import { permissionMissing } from "../errors.ts";

// Imported here because packages read the environment while they load, and Deno may refuse that.
try {
  await import("./command_line.ts");
} catch (error) {
  const denied = permissionMissing(error);
  if (denied === undefined) throw error;
  process.stderr.write(`error: ${denied.message}\n`);
  process.exitCode = 1;
}
