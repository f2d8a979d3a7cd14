import process from "node:process";

/**
 * Starts a measurement. The function that it returns gives the processor time that this process has used since, in
 * milliseconds. The load of other programs does not count, so a test may set a limit for it.
 */
export function processorTime(): () => number {
  const start = process.cpuUsage();
  return () => {
    const { user, system } = process.cpuUsage(start);
    return (user + system) / 1000;
  };
}
