/**
 * A program for Node in one file: it captions the pictures that its arguments name. It needs the folder `edgecap`
 * beside it.
 */
import { load } from "edgecap";

const captioner = await load({ assets: new URL("./edgecap/", import.meta.url) });
for await (const { caption, error } of captioner.captionAll(process.argv.slice(2))) {
  console.log(error === undefined ? caption : `Not captioned: ${error.message}`);
}
await captioner.close();
