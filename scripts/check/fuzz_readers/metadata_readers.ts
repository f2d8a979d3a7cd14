import { readFileSync } from "node:fs";
import { decodeImage } from "../../../src/image/decode.ts";
import { decodeXmp, isOwnSidecar, writeIntoPicture, writeIntoSidecar } from "../../../src/metadata/picture_text.ts";
import { type Reader, reader } from "./attack.ts";
import { damagedBytes, damagedText } from "./damage.ts";

const fixture = (name: string) =>
  new Uint8Array(readFileSync(new URL(`../../../test/fixtures/images/${name}`, import.meta.url)));

const text = { caption: "a dog & a cat", keywords: ["dog", "cat"] };
const other = { caption: "two men on a boat", keywords: ["boat"] };
const pieces = [
  ...[
    "Exif\0\0",
    "II*\0",
    "MM\0*",
    "http://ns.adobe.com/xap/1.0/\0",
    "Photoshop 3.0\0",
    "8BIM",
    "\x1c\x02",
    "iTXt",
    "eXIf",
  ],
  ...[
    "XMP ",
    "EXIF",
    "VP8X",
    "<?xpacket",
    "<x:xmpmeta",
    "<rdf:Description",
    "</",
    "dc:description",
    "xml:lang",
    "&#0;",
    "<!--",
  ],
  ...[Uint8Array.of(0xff, 0xe1), Uint8Array.of(0xff, 0xed), Uint8Array.of(0xff, 0xda), Uint8Array.of(0x01, 0x0e)],
];

/** Pixels of a picture; `undefined` if it is refused. */
async function pixelsOf(bytes: Uint8Array): Promise<string | undefined> {
  try {
    return Buffer.from((await decodeImage(bytes, { size: { atMost: 64 } })).rgb).toString("base64");
  } catch {
    return undefined;
  }
}

/** Readers of metadata in pictures and sidecars, which must keep all of it. */
export function metadataReaders(): Reader[] {
  const jpeg = ["orientation-6.jpg", "rgb.jpg"].map(fixture);
  const written = jpeg.map((bytes) => writeIntoPicture(bytes, text, ["xmp", "exif", "iptc"]).bytes);
  const others = ["rgb.png", "orientation-6.png", "rgb.webp", "lossy.webp"].map(fixture);
  const marked = others.map((bytes) => writeIntoPicture(bytes, text, ["xmp", "exif"]).bytes);
  const sidecars = [text, other].map((one) => writeIntoSidecar(undefined, jpeg[1]!, one).text!);
  return [
    reader("text in a picture", damagedBytes([...jpeg, ...written, ...others, ...marked], pieces), async (bytes) => {
      const before = bytes.slice();
      const first = writeIntoPicture(bytes, other, ["xmp", "exif"]);
      if (!Buffer.from(bytes).equals(before)) throw new Error("The picture that was given has been changed.");
      const again = writeIntoPicture(first.bytes, other, ["xmp", "exif"]);
      if (!Buffer.from(again.bytes).equals(first.bytes)) throw new Error("The same text again changes the picture.");
      const pixels = await pixelsOf(bytes);
      if (pixels !== undefined && pixels !== (await pixelsOf(first.bytes))) throw new Error("The pixels have changed.");
    }),
    reader(
      "text in a sidecar",
      damagedText(
        sidecars,
        pieces.filter((piece) => typeof piece === "string"),
      ),
      (bytes) => {
        const sidecar = decodeXmp(bytes);
        isOwnSidecar(sidecar);
        const first = writeIntoSidecar(sidecar, jpeg[1]!, other).text;
        const again = writeIntoSidecar(first, jpeg[1]!, other).text;
        if (again !== first) throw new Error("The same text again changes the sidecar.");
      },
    ),
  ];
}
