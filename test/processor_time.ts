import process from "node:process";

/**
 * Starts a measurement; the function that it returns gives the milliseconds of processor time that this process took since. Other
 * programs' load does not count, so a test may hold a limit to it.
 */
export function processorTime(): () => number {
  const start = process.cpuUsage();
  return () => {
    const { user, system } = process.cpuUsage(start);
    return (user + system) / 1000;
  };
}
