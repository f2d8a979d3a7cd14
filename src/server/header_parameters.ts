/** Most parameters that are read of one header. */
const mostParameters = 16;

const parameter = /;[ \t]*([^\s=;"]+)[ \t]*=[ \t]*(?:"((?:[^"\\]|\\.)*)"|([^;"\s][^;]*)?)[ \t]*/y;

/**
 * The parameters of a header such as `Content-Disposition: form-data; name="a"; filename=b.jpg`, by their names in lower
 * case. Values may stand in quotes or not, as .NET's HttpClient leaves them out. Of a name given twice the first counts.
 */
export function headerParameters(header: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  const start = header.indexOf(";");
  if (start === -1) return found;
  parameter.lastIndex = start;
  for (let count = 0; count < mostParameters; count++) {
    const match = parameter.exec(header);
    if (match === null) break;
    const name = match[1]!.toLowerCase();
    // Of a backslash only what quotes need is undone: Windows' paths hold backslashes of their own.
    const value = match[2]?.replaceAll(/\\(["\\])/g, "$1") ?? match[3]?.trimEnd() ?? "";
    if (!found.has(name)) found.set(name, value);
  }
  return found;
}
