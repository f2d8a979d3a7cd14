import { setVariable, variable } from "./environment.ts";

/** What onnxruntime's native library reads, once, as it loads. */
const name = "ORT_DISABLE_TELEMETRY";

/** Values by which a user says that the library may report. */
const mayReport = /^(?:0|false|no|off)$/i;

/**
 * Turns off the telemetry of onnxruntime's native library, which would keep a device id and a database in the user's
 * cache folder and look up an outside host. Has to be called before the library loads.
 *
 * A user who sets `ORT_DISABLE_TELEMETRY` to 0, false, no or off keeps it.
 *
 * @throws {EdgecapError} `backend-unavailable` where it cannot be turned off: the library must not be loaded then.
 */
export async function turnTelemetryOff(): Promise<void> {
  if (mayReport.test(variable(name) ?? "")) return;
  await setVariable(name, "1");
}
