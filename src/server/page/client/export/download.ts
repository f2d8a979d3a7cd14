/** Downloads a file. */
export function download(name: string, content: string | Uint8Array<ArrayBuffer>, type: string): void {
  const url = URL.createObjectURL(new Blob([content], { type }));
  Object.assign(document.createElement("a"), { href: url, download: name }).click();
  // Not at once: the browser reads it after the click was handled.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
