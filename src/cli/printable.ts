/** Control characters, and those that change the direction of writing. */
const controls = /[\p{Cc}\u2028-\u202E\u2066-\u2069]/gu;

/**
 * A file's name, or a message that contains one, in a form that is safe for a terminal: on one line, and without
 * characters that move the cursor, change colours or hide text. A file name can contain any of these.
 */
export function printable(text: string): string {
  return text.replace(controls, (control) => {
    const code = control.codePointAt(0)!;
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u${code.toString(16)}`;
  });
}
