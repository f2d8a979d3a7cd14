import { setVariable, variable } from "./environment.ts";

/** A variable that onnxruntime's native library reads once, while it loads. */
const name = "ORT_DISABLE_TELEMETRY";

/** Values with which a user allows the library to report. */
const mayReport = /^(?:0|false|no|off)$/i;

/**
 * Turns off the telemetry of onnxruntime's native library, which would keep a device id and a database in the user's
 * cache folder and contact an outside host. Call it before the library loads.
 *
 * It stays on if the user sets `ORT_DISABLE_TELEMETRY` to 0, false, no or off.
 *
 * @throws {EdgecapError} `backend-unavailable` if it cannot be turned off: the library must not be loaded then.
 */
export async function turnTelemetryOff(): Promise<void> {
  if (mayReport.test(variable(name) ?? "")) return;
  await setVariable(name, "1");
}
