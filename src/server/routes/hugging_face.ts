import { readInputs } from "../pictures.ts";
import { json } from "../responses.ts";
import { type Captioning, captionOne, note } from "./captions.ts";

/**
 * Answers `POST /` and `POST /models/{id}` like Hugging Face's endpoints for image-to-text: with a list of one, or,
 * for versions of its JavaScript client that do not read lists, with only the object.
 */
export async function imageToText(request: Request, captioning: Captioning): Promise<Response> {
  const picture = await readInputs(request, captioning.limits);
  note(request, [picture]);
  const { caption } = await captionOne(picture, request, captioning);
  const generated = { generated_text: caption.caption };
  return json(wantsObject(request.headers.get("user-agent") ?? "") ? generated : [generated]);
}

/** `@huggingface/inference` reads the list up to version 4.13.14, and expects the object since. */
function wantsObject(userAgent: string): boolean {
  const version = /@huggingface\/inference\/(\d+)\.(\d+)\.(\d+)/.exec(userAgent)?.slice(1).map(Number);
  if (version === undefined) return false;
  const since = [4, 13, 15];
  const differs = version.findIndex((part, place) => part !== since[place]);
  return differs === -1 || version[differs]! > since[differs]!;
}
