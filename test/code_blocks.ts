/** The code blocks of a page that are marked with a language, in their order, those within lists too. */
export function codeBlocks(page: string, language: string): string[] {
  return [...page.matchAll(new RegExp(`^ *\`\`\`${language}\\n(.*?)^ *\`\`\``, "gms"))].map((match) => match[1]!);
}
