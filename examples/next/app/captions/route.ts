/** `POST /captions` with a picture as the body answers its caption. The first request loads the model. */
import { type Captioner, EdgecapError, load } from "edgecap";

let loading: Promise<Captioner> | undefined;

export async function POST(request: Request): Promise<Response> {
  loading ??= load();
  const captioner = await loading;
  try {
    const bytes = await request.arrayBuffer();
    const { caption } = await captioner.caption(bytes, { signal: request.signal });
    return Response.json({ caption });
  } catch (error) {
    if (!(error instanceof EdgecapError)) throw error;
    return Response.json({ code: error.code, message: error.message }, { status: 422 });
  }
}
