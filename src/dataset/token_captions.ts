import { type Captions, CaptionsCollector } from "./captions.ts";
import { looksLikeImage } from "./image_name.ts";
import { type Line, lineError, quoted } from "./text_lines.ts";

const form = '"image#0<TAB>caption"';

/**
 * Reads the rows of a file like Flickr8k.token.txt: `image#number<TAB>caption`.
 *
 * @param file Name of the file, for error messages.
 * @throws {EdgecapError} `data-invalid`; see parseCaptions.
 */
export function parseTokenCaptions(lines: Iterable<Line>, file: string): Captions {
  const collector = new CaptionsCollector();
  for (const { number, text } of lines) {
    if (text.trim() === "") continue;
    const tab = text.indexOf("\t");
    const numbered = tab === -1 ? text : text.slice(0, tab);
    const caption = tab === -1 ? "" : text.slice(tab + 1);
    const hash = numbered.lastIndexOf("#");
    if (hash === -1 || !/^\d+\s*$/.test(numbered.slice(hash + 1))) {
      if (looksLikeImage(caption.replace(/#\d+\s*$/, ""))) {
        throw lineError(file, number, `has its columns swapped: ${quoted(text)}. Each row has to be ${form}.`);
      }
      throw lineError(file, number, `is ${quoted(text)}, not ${form}. Correct or remove it.`);
    }
    if (caption.includes("\t")) {
      throw lineError(
        file,
        number,
        `has ${text.split("\t").length} columns: ${quoted(text)}. Each row has to be ${form}.`,
      );
    }
    collector.add(numbered.slice(0, hash).trim(), caption, `Line ${number} of "${file}"`);
  }
  return collector.finish("token", file);
}
