import { concat } from "../files/concat.ts";
import { decodeAny, uint16, utf8, viewOf } from "./bytes.ts";
import { unchangeable } from "./container.ts";

const characterSet = { record: 1, number: 90 };
const version = { record: 2, number: 0 };
const keyword = { record: 2, number: 25, most: 64, name: "Keywords" };
const caption = { record: 2, number: 120, most: 2000, name: "Caption-Abstract" };

/** The mark of texts in UTF-8: ESC % G. */
const utf8Mark = Uint8Array.of(0x1b, 0x25, 0x47);

/** A data set of IPTC-IIM. */
interface DataSet {
  readonly record: number;
  readonly number: number;
  readonly raw: Uint8Array;
  readonly data: Uint8Array;
}

/** The texts of IPTC-IIM that edgecap writes. */
export interface IptcText {
  /** Caption-Abstract (2:120). */
  readonly caption: string | undefined;
  /** Keywords (2:25). */
  readonly keywords: readonly string[];
}

/**
 * Reads the texts of IPTC-IIM.
 *
 * @throws {EdgecapError} `data-invalid` if it cannot be read.
 */
export function readIptc(iptc: Uint8Array): IptcText {
  const sets = readDataSets(iptc);
  const textsOf = ({ record, number }: { readonly record: number; readonly number: number }) =>
    sets.filter((set) => set.record === record && set.number === number).map(({ data }) => decodeAny(data));
  return { caption: textsOf(caption)[0], keywords: textsOf(keyword) };
}

/**
 * IPTC-IIM with other texts, in UTF-8; the other data sets stay as they are, byte for byte.
 *
 * @param iptc `undefined` if there is none yet.
 * @param text Texts that are not named stay.
 * @returns Empty if nothing is left.
 * @throws {EdgecapError} `data-invalid` if it cannot be read, if it holds text in another character set that UTF-8
 *   would make wrong, or if a text is longer than IPTC-IIM allows.
 */
export function setIptcText(
  iptc: Uint8Array | undefined,
  text: { readonly caption?: string; readonly keywords?: readonly string[] },
): Uint8Array {
  const sets = iptc === undefined ? [] : readDataSets(iptc);
  if (text.keywords !== undefined) replace(sets, keyword, text.keywords);
  if (text.caption !== undefined) replace(sets, caption, text.caption === "" ? [] : [text.caption]);
  if (sets.every(({ record, number }) => isOf(characterSet, record, number) || isOf(version, record, number)))
    return new Uint8Array();
  if (!sets.some(({ record, number }) => isOf(version, record, number))) {
    const first = sets.findIndex(({ record }) => record >= version.record);
    sets.splice(first < 0 ? sets.length : first, 0, makeDataSet(version, uint16(4)));
  }
  return concat(inUtf8(sets, iptc === undefined ? [] : readDataSets(iptc)).map(({ raw }) => raw));
}

/** The data sets with the mark that says UTF-8, if that does not change the meaning of the existing texts. */
function inUtf8(sets: readonly DataSet[], before: readonly DataSet[]): DataSet[] {
  const mark = sets.find(({ record, number }) => isOf(characterSet, record, number));
  if (mark !== undefined && mark.data.join() === utf8Mark.join()) return [...sets];
  const isAscii = (all: readonly DataSet[]) =>
    all.every(({ record, data }) => record !== 2 || data.every((byte) => byte < 0x80));
  if (mark === undefined && isAscii(before)) return [makeDataSet(characterSet, utf8Mark), ...sets];
  // ASCII is the same in every character set that is in use.
  const added = sets.filter(
    (set) => !before.some(({ raw }) => raw.length === set.raw.length && raw.join() === set.raw.join()),
  );
  if (isAscii(added)) return [...sets];
  throw unchangeable("IPTC", "its texts are not in UTF-8, and the new text is not ASCII");
}

function readDataSets(iptc: Uint8Array): DataSet[] {
  const view = viewOf(iptc);
  const sets: DataSet[] = [];
  for (let place = 0; place < iptc.length; ) {
    // Some programs pad with NULs.
    if (iptc.subarray(place).every((byte) => byte === 0)) break;
    if (iptc[place] !== 0x1c || place + 5 > iptc.length) throw unchangeable("IPTC", `no data set at byte ${place}`);
    const [record, number] = [iptc[place + 1]!, iptc[place + 2]!];
    let length = view.getUint16(place + 3);
    let start = place + 5;
    if (length >= 0x8000) {
      // This many bytes hold the length.
      const bytes = length & 0x7fff;
      if (bytes > 4 || start + bytes > iptc.length) throw unchangeable("IPTC", `a length of ${bytes} bytes`);
      length = iptc.subarray(start, start + bytes).reduce((sum, byte) => sum * 256 + byte, 0);
      start += bytes;
    }
    const end = start + length;
    if (end > iptc.length) throw unchangeable("IPTC", `the data set ${record}:${number} ends early`);
    sets.push({ record, number, raw: iptc.subarray(place, end), data: iptc.subarray(start, end) });
    place = end;
  }
  return sets;
}

function replace(sets: DataSet[], kind: typeof keyword | typeof caption, texts: readonly string[]): void {
  const added = texts.map((text) => {
    const data = utf8(text);
    if (data.length <= kind.most) return makeDataSet(kind, data);
    throw unchangeable("IPTC", `"${text}" takes ${data.length} bytes, but ${kind.name} holds only ${kind.most}`);
  });
  const isIt = ({ record, number }: DataSet) => isOf(kind, record, number);
  const first = sets.findIndex(isIt);
  const rest = sets.filter((set) => !isIt(set));
  const behind = rest.findIndex(({ record, number }) => record > 2 || (record === 2 && number > kind.number));
  const place = first >= 0 ? first : behind < 0 ? rest.length : behind;
  sets.splice(0, sets.length, ...rest.slice(0, place), ...added, ...rest.slice(place));
}

function makeDataSet(
  { record, number }: { readonly record: number; readonly number: number },
  data: Uint8Array,
): DataSet {
  return { record, number, data, raw: concat([Uint8Array.of(0x1c, record, number), uint16(data.length), data]) };
}

function isOf(kind: { readonly record: number; readonly number: number }, record: number, number: number): boolean {
  return kind.record === record && kind.number === number;
}
