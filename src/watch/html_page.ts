import { writeAtomically } from "../files/atomic_write.ts";
import { readIfThere } from "../files/read_regular.ts";
import { altText } from "../metadata/alt_text.ts";
import { escapeXml } from "../metadata/escape_xml.ts";
import { foreign, type Gallery, sorted } from "./gallery.ts";

const generator = '<meta name="generator" content="edgecap">';

/**
 * Writes a page with the pictures of a folder, each with its caption as alternative text and below it.
 *
 * @param title The page's title.
 * @throws {EdgecapError} `data-invalid` if another page stands there; `file-unwritable`.
 */
export async function writeHtmlPage(path: string, title: string, gallery: Gallery): Promise<void> {
  await assertOwnPage(path);
  await writeAtomically(path, htmlPage(title, gallery));
}

/**
 * Checks that a page may be replaced.
 *
 * @throws {EdgecapError} `data-invalid` if another page is there; `file-unreadable` if it cannot be read.
 */
export async function assertOwnPage(path: string): Promise<void> {
  const bytes = await readIfThere(path);
  if (bytes !== undefined && !new TextDecoder().decode(bytes).includes(generator)) throw foreign(path);
}

/** The page's text, without pictures that have no caption. */
export function htmlPage(title: string, gallery: Gallery): string {
  const figures = sorted(gallery).flatMap(([image, { caption }]) => {
    if (caption === undefined) return [];
    // An address cannot contain half a character, but a name on Windows can.
    const address = escapeXml(image.toWellFormed().split("/").map(encodeURIComponent).join("/"));
    const text = escapeXml(altText(caption));
    return [
      `<figure><a href="${address}"><img src="${address}" alt="${text}" loading="lazy"></a><figcaption>${text}</figcaption></figure>`,
    ];
  });
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
${generator}
<title>${escapeXml(title)}</title>
<style>
:root { color-scheme: light dark; font: 1rem/1.4 system-ui, sans-serif; }
body { max-width: 80rem; margin: 0 auto; padding: 1rem; }
main { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(16rem, 100%), 1fr)); gap: 1.5rem; }
figure { margin: 0; }
img { display: block; width: 100%; aspect-ratio: 4 / 3; object-fit: cover; border-radius: 0.4rem; background: #8883; }
a { display: block; border-radius: 0.4rem; }
a:focus-visible { outline: 3px solid Highlight; outline-offset: 3px; }
figcaption { margin-top: 0.5rem; }
</style>
</head>
<body>
<h1>${escapeXml(title)}</h1>
<main>
${figures.length === 0 ? "<p>No pictures yet.</p>" : figures.join("\n")}
</main>
</body>
</html>
`;
}
