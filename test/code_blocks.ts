/** The code blocks of a source's docstrings that are marked with a language, in their order. */
export function docstringBlocks(source: string, language: string): string[] {
  const docstrings = [...source.matchAll(/\/\*\*.*?\*\//gs)].map(([text]) => text.replaceAll(/^ *\* ?/gm, ""));
  return docstrings.flatMap((docstring) => codeBlocks(docstring, language));
}

/** The code blocks of a page that are marked with a language, in their order, those within lists too. */
export function codeBlocks(page: string, language: string): string[] {
  return [...page.matchAll(new RegExp(`^ *\`\`\`${language}\\n(.*?)^ *\`\`\``, "gms"))].map((match) => match[1]!);
}
