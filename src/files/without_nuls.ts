/** A text without the NULs at its end. A pattern for them would look for the end again from each NUL in the middle. */
export function withoutNuls(text: string): string {
  let end = text.length;
  while (end > 0 && text.charCodeAt(end - 1) === 0) end--;
  return text.slice(0, end);
}
