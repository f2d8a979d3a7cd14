/**
 * Finds out whether every caption of a file without quotes holds a further column: a number or the like before its first comma or
 * behind its last one. One caption may end so; all of them do only where a column was taken for text.
 */
export class ExtraColumn {
  #captions = 0;
  #first = true;
  #last = true;
  #example = "";
  /** Whether a quoted caption was seen, which holds nothing but its text. */
  seen = false;

  /** Looks at a caption that was not quoted. */
  look(caption: string): void {
    if (caption === "") return;
    this.#captions++;
    this.#example ||= caption;
    const parts = caption.split(",");
    this.#first &&= parts.length > 1 && isColumn(parts[0]!);
    this.#last &&= parts.length > 1 && isColumn(parts.at(-1)!);
  }

  /** A caption that shows the column; `undefined` where not all captions have one. */
  found(): string | undefined {
    return !this.seen && this.#captions > 1 && (this.#first || this.#last) ? this.#example : undefined;
  }
}

/** Whether a field is what columns beside a caption hold: a number, a part of the data, a truth value, an address or a name of a file. */
function isColumn(field: string): boolean {
  return /^(?:[-+]?\d[\d.:eE+-]*|train|training|val|valid|validation|dev|test|true|false|https?:\/\/\S+|[\w-]+\.(?:jpe?g|png|webp|gif|bmp)(?:#\d+)?)$/i.test(
    field.trim(),
  );
}
