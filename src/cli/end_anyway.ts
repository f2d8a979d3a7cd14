/**
 * Ends the process in a second though connections to a server that is gone would keep it: what they wait for does not come. Where
 * nothing keeps it, it ends at once.
 */
export function endAnyway(): void {
  setTimeout(() => process.exit(), 1000).unref();
}
