/**
 * Ends the process within a second, even if connections to a server that is gone would keep it alive. If
 * nothing keeps it alive, it ends at once.
 */
export function exitSoon(): void {
  setTimeout(() => process.exit(), 1000).unref();
}
