/** Most parameters to read from one header. */
const mostParameters = 16;

const parameter = /;[ \t]*([^\s=;"]+)[ \t]*=[ \t]*(?:"((?:[^"\\]|\\.)*)"|([^;"\s][^;]*)?)[ \t]*/y;

/**
 * The parameters of a header such as `Content-Disposition: form-data; name="a"; filename=b.jpg`, by their names in
 * lower case. Values may be unquoted, as .NET's HttpClient sends them. If a name occurs twice, the first one counts.
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
    // Only the escapes that quotes need are undone, because Windows paths contain backslashes.
    const value = match[2]?.replaceAll(/\\(["\\])/g, "$1") ?? match[3]?.trimEnd() ?? "";
    if (!found.has(name)) found.set(name, value);
  }
  return found;
}
