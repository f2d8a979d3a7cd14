// node client.mjs URL PHOTO
import { readFile } from "node:fs/promises";
import http from "node:http";

const [url, path] = process.argv.slice(2);
const photo = await readFile(path);
const post = (client, body, headers = {}) =>
  fetch(`${url}/v1/captions`, { method: "POST", body, headers: { "x-client": client, ...headers } });
await post("node-fetch-body", photo);
await post("node-fetch-blob", new Blob([photo], { type: "image/png" }));
const form = new FormData();
form.append("image", new Blob([photo], { type: "image/png" }), "photo.png");
form.append("beams", "2");
await post("node-fetch-file", form);
await new Promise((resolve) => {
  const request = http.request(
    `${url}/v1/captions`,
    { method: "POST", headers: { "x-client": "node-http-chunks" } },
    resolve,
  );
  request.write(photo.subarray(0, 200));
  request.end(photo.subarray(200));
});
process.exit();
