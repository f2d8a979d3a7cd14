import { expect } from "bun:test";
import OpenAI from "openai";
import type { TinyServer } from "./tiny_server.ts";

/** OpenAI's client of a server, which does not retry. */
export function clientOf({ url }: TinyServer, apiKey: string): OpenAI {
  return new OpenAI({ baseURL: `${url}/v1`, apiKey, maxRetries: 0 });
}

/** A message as the client sends it. */
export type Message = OpenAI.ChatCompletionMessageParam;
/** Settings of a chat beside its messages. */
export type Settings = Partial<Omit<OpenAI.ChatCompletionCreateParamsNonStreaming, "messages">>;

/** The error that the client throws; its promises differ from JavaScript's. */
export async function failure(work: PromiseLike<unknown>): Promise<InstanceType<typeof OpenAI.APIError>> {
  try {
    await work;
  } catch (error) {
    expect(error).toBeInstanceOf(OpenAI.APIError);
    return error as InstanceType<typeof OpenAI.APIError>;
  }
  throw new Error("Nothing was thrown.");
}

/** A message of a user: a text and pictures. */
export function message(text: string, ...urls: string[]): Message {
  const images = urls.map((url) => ({ type: "image_url", image_url: { url } }) as const);
  return { role: "user", content: [{ type: "text", text }, ...images] };
}
