/**
 * Detects whether every caption of a file without quotes contains a further column: a number or the like before its
 * first comma or after its last one. A single caption may look like that; if all of them do, a column was mistaken for
 * text.
 */
export class ExtraColumn {
  #captions = 0;
  #first = true;
  #last = true;
  #example = "";
  /** Whether a quoted caption was seen; such a caption contains only its text. */
  seen = false;

  /** Examines an unquoted caption. */
  look(caption: string): void {
    if (caption === "") return;
    this.#captions++;
    this.#example ||= caption;
    const parts = caption.split(",");
    this.#first &&= parts.length > 1 && isColumn(parts[0]!);
    this.#last &&= parts.length > 1 && isColumn(parts.at(-1)!);
  }

  /** An example of a caption with such a column; `undefined` unless all captions have one. */
  found(): string | undefined {
    return !this.seen && this.#captions > 1 && (this.#first || this.#last) ? this.#example : undefined;
  }
}

/** Whether a field looks like another column: a number, the name of a split, a boolean, an address or a file name. */
function isColumn(field: string): boolean {
  return /^(?:[-+]?\d[\d.:eE+-]*|train|training|val|valid|validation|dev|test|true|false|https?:\/\/\S+|[\w-]+\.(?:jpe?g|png|webp|gif|bmp)(?:#\d+)?)$/i.test(
    field.trim(),
  );
}
