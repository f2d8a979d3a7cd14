/** A caption as alternative text: with a capital letter. */
export function altText(caption: string): string {
  return caption.charAt(0).toUpperCase() + caption.slice(1);
}
