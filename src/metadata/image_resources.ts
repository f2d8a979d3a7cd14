import { concat } from "../files/concat.ts";
import { latin1, standsAt, uint16, uint32, viewOf } from "./bytes.ts";
import { unchangeable } from "./container.ts";

const sign = latin1("8BIM");
const iptcId = 0x0404;

/** One of Photoshop's image resources. */
interface Resource {
  readonly id: number;
  readonly raw: Uint8Array;
  readonly data: Uint8Array;
}

/**
 * IPTC-IIM among Photoshop's image resources; `undefined` if it is missing.
 *
 * @throws {EdgecapError} `data-invalid` if they cannot be read.
 */
export function iptcOf(resources: Uint8Array): Uint8Array | undefined {
  const found = readResources(resources).filter(({ id }) => id === iptcId);
  if (found.length > 1) throw unchangeable("IPTC", `it is there ${found.length} times`);
  return found[0]?.data;
}

/**
 * Image resources with another IPTC-IIM; the others stay as they are, byte for byte.
 *
 * @param resources `undefined` if there are none yet.
 * @param iptc Empty to remove it.
 * @returns `undefined` if no resource is left.
 * @throws {EdgecapError} `data-invalid` if the resources cannot be read.
 */
export function setIptc(resources: Uint8Array | undefined, iptc: Uint8Array): Uint8Array | undefined {
  const all = resources === undefined ? [] : readResources(resources);
  const place = all.findIndex(({ id }) => id === iptcId);
  const added = iptc.length === 0 ? [] : [makeResource(iptc)];
  all.splice(place < 0 ? all.length : place, place < 0 ? 0 : 1, ...added);
  return all.length === 0 ? undefined : concat(all.map(({ raw }) => raw));
}

function readResources(bytes: Uint8Array): Resource[] {
  const view = viewOf(bytes);
  const resources: Resource[] = [];
  const outside = () => unchangeable("Photoshop resources", "they end early, or continue in another segment");
  for (let place = 0; place < bytes.length; ) {
    if (place + 12 > bytes.length || !standsAt(bytes, place, sign)) throw outside();
    const id = view.getUint16(place + 4);
    // A name with its length before it, filled up to an even length.
    const size = place + 6 + even(1 + bytes[place + 6]!);
    if (size + 4 > bytes.length) throw outside();
    const length = view.getUint32(size);
    const end = size + 4 + length;
    if (end > bytes.length) throw outside();
    // Some programs leave out the padding byte of the last one.
    const next = Math.min(bytes.length, size + 4 + even(length));
    resources.push({ id, raw: padded(bytes.subarray(place, next)), data: bytes.subarray(size + 4, end) });
    place = next;
  }
  return resources;
}

function makeResource(data: Uint8Array): Resource {
  const raw = padded(concat([sign, uint16(iptcId), Uint8Array.of(0, 0), uint32(data.length), data]));
  return { id: iptcId, raw, data };
}

function padded(raw: Uint8Array): Uint8Array {
  return raw.length % 2 === 0 ? raw : concat([raw, Uint8Array.of(0)]);
}

function even(length: number): number {
  return length + (length % 2);
}
