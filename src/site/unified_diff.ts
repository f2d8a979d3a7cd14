/** Unchanged lines that are shown around a change. */
const around = 3;

/**
 * The difference between two texts with the same number of lines, as `patch -p1` and `git apply` read it.
 *
 * @param name Path of the file, with slashes.
 * @returns Empty if they are the same.
 */
export function unifiedDiff(name: string, before: string, after: string): string {
  const [old, now] = [linesOf(before), linesOf(after)];
  const changed = old.flatMap((line, at) => (line === now[at] ? [] : [at]));
  if (changed.length === 0) return "";
  const hunks: [first: number, last: number][] = [];
  for (const at of changed) {
    const hunk = hunks.at(-1);
    if (hunk !== undefined && at - hunk[1] <= 2 * around + 1) hunk[1] = at;
    else hunks.push([at, at]);
  }
  const body = hunks.map(([first, last]) => {
    const start = Math.max(0, first - around);
    const end = Math.min(old.length, last + 1 + around);
    const range = `${start + 1},${end - start}`;
    return `@@ -${range} +${range} @@\n${hunkLines(old.slice(start, end), now.slice(start, end))}`;
  });
  return `--- ${quoted(`a/${name}`)}\n+++ ${quoted(`b/${name}`)}\n${body.join("")}`;
}

/** Lines with their ends. */
function linesOf(text: string): string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
}

function hunkLines(old: readonly string[], now: readonly string[]): string {
  let text = "";
  for (let at = 0; at < old.length; ) {
    if (old[at] === now[at]) text += shown(" ", old[at++]!);
    else {
      const first = at;
      while (at < old.length && old[at] !== now[at]) text += shown("-", old[at++]!);
      for (const line of now.slice(first, at)) text += shown("+", line);
    }
  }
  return text;
}

function shown(sign: string, line: string): string {
  return line.endsWith("\n") ? sign + line : `${sign}${line}\n\\ No newline at end of file\n`;
}

/** A name as git writes it: in quotes if it holds what would end or confuse it. */
function quoted(name: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: those are what it looks for.
  if (!/["\\\x00-\x1f\x7f]/.test(name)) return name.includes(" ") ? `${name}\t` : name;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: those are what it looks for.
  return `"${name.replace(/["\\]/g, "\\$&").replace(/[\x00-\x1f\x7f]/g, (c) => `\\${c.charCodeAt(0).toString(8).padStart(3, "0")}`)}"`;
}
