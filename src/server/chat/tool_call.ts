import { type Static, Type } from "@sinclair/typebox";
import { Problem } from "../problem.ts";
import { captionFillOf, type Fill, fillOf } from "./json_answer.ts";

const open = { additionalProperties: true };

const functionFields = { name: Type.String({ maxLength: 256 }), parameters: Type.Optional(Type.Unknown()) };

const functionSchema = Type.Object(functionFields, open);

const named = Type.Object({ name: Type.Optional(Type.String()) }, open);

const chosen = {
  type: Type.Optional(Type.String()),
  name: Type.Optional(Type.String()),
  function: Type.Optional(named),
  mode: Type.Optional(Type.String()),
};

/** The fields that offer functions, in the bodies of OpenAI's and Ollama's shapes. */
export const toolSchemas = {
  tools: Type.Optional(
    Type.Array(
      Type.Object(
        {
          type: Type.Optional(Type.String()),
          function: Type.Optional(functionSchema),
          name: Type.Optional(functionFields.name),
          parameters: functionFields.parameters,
        },
        open,
      ),
      {
        description:
          "Functions. They are called with a caption or labels, if tool_choice demands it, or all ask for that.",
      },
    ),
  ),
  parallel_tool_calls: Type.Optional(
    Type.Boolean({ description: "Whether several functions may be called. Default true." }),
  ),
  tool_choice: Type.Optional(
    Type.Union([
      Type.String(),
      Type.Object(
        {
          ...chosen,
          tools: Type.Optional(Type.Array(Type.Object(chosen, open))),
          allowed_tools: Type.Optional(
            Type.Object({ mode: chosen.mode, tools: Type.Optional(Type.Array(Type.Object(chosen, open))) }, open),
          ),
        },
        open,
      ),
    ]),
  ),
};

/** The same fields under their older names. */
export const functionSchemas = {
  functions: Type.Optional(Type.Array(functionSchema, { description: "The older name of tools." })),
  function_call: Type.Optional(Type.Union([Type.String(), named])),
};

const offerSchema = Type.Object({ ...toolSchemas, ...functionSchemas });

type Offer = Static<typeof offerSchema>;

/** A function that the client offers. */
interface Offered {
  readonly name: string;
  readonly parameters: unknown;
}

/** A call with which a request is to be answered. */
export interface Call {
  /** The name of the function. */
  readonly name: string;
  /** Formats a caption as the arguments. */
  readonly fill: Fill;
  /** Whether the request uses the older fields `functions` and `function_call`. */
  readonly old: boolean;
}

/** How a request wants its functions to be used. */
export interface Calling {
  /** The calls; none if the answer is a text. */
  readonly calls: readonly Call[];
  /** Whether functions are offered, but none is called. */
  readonly toolsUnused: boolean;
}

/** A property whose name says that a function wants to know what a picture shows, as in a schema's text. */
const ofPicture = /"(?:caption|alt|alt_?text|tags|keywords|labels)":\{/i;

/**
 * The calls of a request: the demanded one, which is that of the named function or of the first that can be filled in.
 * Without a demand all functions are called if each of them asks for what a picture shows, because some libraries never
 * demand the calls that they wait for.
 *
 * @param answered Whether the request has the result of a call, so that the client waits for a text.
 * @throws {Problem} `option-invalid` if the function is not offered, or its parameters cannot be filled in.
 */
export function callingOf(
  { tools, tool_choice: choice, parallel_tool_calls: several = true, functions, function_call: oldChoice }: Offer,
  answered: boolean,
): Calling {
  const old = tools === undefined && functions !== undefined;
  const offered = old ? (functions ?? []).map(offer) : offeredIn(tools);
  const demand = demanded(old ? oldChoice : choice);
  if (demand === undefined) {
    const free = answered || (old ? oldChoice : choice) === "none" ? [] : pictureCalls(offered, old);
    const calls = several && !old ? free : free.slice(0, 1);
    return { calls, toolsUnused: calls.length === 0 && offered.length > 0 && choice !== "none" };
  }
  const wanted = demand.names === undefined ? offered : offered.filter(({ name }) => demand.names?.includes(name));
  if (wanted.length === 0) {
    const name = demand.names?.[0];
    const field = old ? "function_call" : "tool_choice";
    throw new Problem(
      "option-invalid",
      name === undefined
        ? `${field} demands a call, but the request has no function: add one.`
        : `${field} names ${shown(name)}, which is not among the request's functions: add it, or name another.`,
    );
  }
  return { calls: [{ ...firstFilled(wanted), old }], toolsUnused: false };
}

/**
 * The calls of a request in Ollama's shape, which cannot demand one: of the only function, if a caption or labels fill
 * in its parameters; of several, if each of them asks for what a picture shows.
 *
 * @param answered Whether the request has the result of a call, so that the client waits for a text.
 */
export function ollamaCallingOf(offer: Offer, answered: boolean): Calling {
  const offered = offeredIn(offer.tools);
  const [only] = offered;
  if (offer.tool_choice !== undefined || offered.length > 1) return callingOf(offer, answered);
  const fill = only === undefined || answered ? undefined : captionFillOf(only.parameters);
  if (only === undefined || fill === undefined) return { calls: [], toolsUnused: offered.length > 0 };
  return { calls: [{ name: only.name, fill, old: false }], toolsUnused: false };
}

/** Most functions to call at once: the answer grows with each, and nobody needs many descriptions of one picture. */
const mostCalls = 16;

/** Calls of all functions, if they are few and each of them asks for what a picture shows; otherwise none. */
function pictureCalls(offered: readonly Offered[], old: boolean): Call[] {
  if (offered.length > mostCalls) return [];
  const calls: Call[] = [];
  for (const { name, parameters } of offered) {
    const fill = ofPicture.test(JSON.stringify(parameters) ?? "") ? captionFillOf(parameters) : undefined;
    if (fill === undefined) return [];
    calls.push({ name, fill, old });
  }
  return calls;
}

function offeredIn(tools: Offer["tools"]): Offered[] {
  return (tools ?? []).flatMap(({ type = "function", function: inner, name, parameters }) => {
    if (type !== "function") return [];
    if (inner !== undefined) return [offer(inner)];
    return name === undefined ? [] : [offer({ name, parameters })];
  });
}

function offer({ name, parameters = { type: "object", properties: {} } }: Static<typeof functionSchema>): Offered {
  return { name, parameters };
}

/** Which functions a choice demands, all if it names none; `undefined` if it demands no call. */
function demanded(choice: Offer["tool_choice"]): { readonly names?: readonly string[] } | undefined {
  // Mistral's API says "any".
  if (choice === "required" || choice === "any") return {};
  if (choice === undefined || typeof choice === "string") return undefined;
  const { allowed_tools: allowed = choice } = choice;
  if (choice.type === "allowed_tools")
    return allowed.mode === "required" ? { names: (allowed.tools ?? []).flatMap(nameIn) } : undefined;
  const names = nameIn(choice);
  return names.length > 0 ? { names } : undefined;
}

function nameIn(one: { name?: string; function?: { name?: string } }): string[] {
  const name = one.function?.name ?? one.name;
  return name === undefined ? [] : [name];
}

/** The first function that a caption or labels fill in, or else the first that can be filled in. */
function firstFilled(offered: readonly Offered[]): { name: string; fill: Fill } {
  for (const { name, parameters } of offered) {
    const fill = captionFillOf(parameters);
    if (fill !== undefined) return { name, fill };
  }
  let first: Problem | undefined;
  for (const { name, parameters } of offered) {
    try {
      return { name, fill: fillOf(parameters) };
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      first ??= new Problem(error.code, `The function ${shown(name)}: ${error.message}`);
    }
  }
  throw first;
}

function shown(name: string): string {
  return JSON.stringify(name.slice(0, 60));
}
