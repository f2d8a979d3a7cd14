import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { checkedBody } from "../../../src/server/chat/messages.ts";
import { callingOf, ollamaCallingOf } from "../../../src/server/chat/tool_call.ts";
import { Problem } from "../../../src/server/problem.ts";
import { chatBodySchema } from "../../../src/server/routes/openai_schemas.ts";
import { dogCaption as caption } from "./dog_caption.ts";

const parameters = { type: "object", properties: { caption: { type: "string" } }, required: ["caption"] };
const weather = { type: "object", properties: { city: { type: "string" } }, required: ["city"] };
const photo = { type: "function", function: { name: "photo", parameters } };
const city = { type: "function", function: { name: "city", parameters: weather } };
const reply = {
  type: "function",
  function: { name: "reply", parameters: { type: "object", properties: { text: { type: "string" } } } },
};
const wrapped = {
  type: "function",
  function: {
    name: "wrapped",
    parameters: { type: "object", properties: { photos: { type: "array", items: parameters } } },
  },
};
const now = { type: "function", function: { name: "now" } };

function failure(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (error instanceof Problem) return error.message;
    throw error;
  }
  return "";
}

describe("callingOf()", () => {
  test("calls what the choice demands", () => {
    for (const [offer, old] of [
      [{ tools: [photo], tool_choice: "required" }, false],
      [{ tools: [city, photo], tool_choice: "required" }, false],
      [{ tools: [photo], tool_choice: "any" }, false],
      [{ tools: [city, photo], tool_choice: { type: "function", function: { name: "photo" } } }, false],
      [
        { tools: [{ type: "function", name: "photo", parameters }], tool_choice: { type: "function", name: "photo" } },
        false,
      ],
      [
        { tools: [now, photo], tool_choice: { type: "allowed_tools", mode: "required", tools: [{ name: "photo" }] } },
        false,
      ],
      [
        {
          tools: [now, photo],
          tool_choice: {
            type: "allowed_tools",
            allowed_tools: { mode: "required", tools: [{ function: { name: "photo" } }] },
          },
        },
        false,
      ],
      [{ functions: [photo.function], function_call: { name: "photo" } }, true],
    ] as const) {
      const { calls, toolsUnused } = callingOf(checkedBody(chatBodySchema, { messages: [], ...offer }), false);
      const [call] = calls;
      expect([calls.length, call?.name, call?.old, toolsUnused]).toEqual([1, "photo", old, false]);
      expect(call?.fill(caption)).toEqual({ caption: "a dog on grass" });
    }
  });

  test("calls nothing without a demand", () => {
    expect(callingOf({}, false)).toEqual({ calls: [], toolsUnused: false });
    expect(callingOf({ tools: [photo], tool_choice: "none" }, false)).toEqual({ calls: [], toolsUnused: false });
    const old = { functions: [photo.function], function_call: "none" };
    expect(callingOf(old, false).calls).toEqual([]);
    for (const tools of [[city], [now], [reply], [photo, city], [photo, reply]])
      for (const choice of [undefined, "auto", { type: "allowed_tools", mode: "auto", tools: [] }] as const) {
        const offer = { tools, ...(choice !== undefined && { tool_choice: choice }) };
        const unused = { calls: [], toolsUnused: true };
        expect(callingOf(checkedBody(chatBodySchema, { messages: [], ...offer }), false)).toEqual(unused);
      }
    expect(callingOf({ tools: [photo] }, true)).toEqual({ calls: [], toolsUnused: true });
  });

  test("calls functions without a demand if each of them asks for what a picture shows", () => {
    const names = (offer: object) =>
      callingOf(checkedBody(chatBodySchema, { messages: [], ...offer }), false).calls.map(({ name }) => name);
    for (const choice of [undefined, "auto", { type: "allowed_tools", mode: "auto", tools: [] }] as const) {
      const offer = { tools: [photo, wrapped], ...(choice !== undefined && { tool_choice: choice }) };
      expect(names(offer)).toEqual(["photo", "wrapped"]);
      expect(names({ ...offer, parallel_tool_calls: false })).toEqual(["photo"]);
    }
    expect(names({ functions: [photo.function, wrapped.function] })).toEqual(["photo"]);
  });

  test("calls no more functions at once than anybody needs", () => {
    const tools = (count: number) => Array.from({ length: count }, () => photo);
    expect(callingOf({ tools: tools(16) }, false).calls).toHaveLength(16);
    expect(callingOf({ tools: tools(17) }, false)).toEqual({ calls: [], toolsUnused: true });
    expect(ollamaCallingOf({ tools: tools(17) }, false)).toEqual({ calls: [], toolsUnused: true });
  });

  test("says what is wrong with a demand", () => {
    expect(failure(() => callingOf({ tool_choice: "required" }, false))).toContain("no function");
    expect(failure(() => callingOf({ tools: [photo], tool_choice: { function: { name: "x" } } }, false))).toContain(
      '"x"',
    );
    const refused = failure(() => callingOf({ tools: [city], tool_choice: "required" }, false));
    expect(refused).toContain('"city"');
  });

  test("gives a call, a text or a problem for every offer", () => {
    const names = fc.constantFrom("photo", "city", "now", "x");
    const one = fc.record(
      {
        type: fc.constantFrom("function", "custom"),
        function: fc.record({ name: names, parameters: fc.jsonValue() }),
        name: names,
      },
      { requiredKeys: [] },
    );
    const choice = fc.oneof(fc.string(), fc.constantFrom("required", "auto"), fc.jsonValue());
    fc.assert(
      fc.property(fc.array(one), choice, (tools, tool_choice) => {
        const message = failure(() => {
          const body = checkedBody(chatBodySchema, { messages: [], tools, tool_choice });
          for (const call of callingOf(body, false).calls)
            expect(JSON.parse(JSON.stringify(call.fill(caption)))).toBeInstanceOf(Object);
        });
        expect(typeof message).toBe("string");
      }),
    );
  });
});

describe("ollamaCallingOf()", () => {
  test("calls the only function if a caption fills it in", () => {
    for (const only of [photo, reply])
      expect(ollamaCallingOf({ tools: [only] }, false).calls.map(({ name }) => name)).toEqual([only.function.name]);
    for (const tools of [[city], [now], [photo, now]])
      expect(ollamaCallingOf({ tools }, false)).toEqual({ calls: [], toolsUnused: true });
    expect(ollamaCallingOf({ tools: [photo] }, true).calls).toEqual([]);
    expect(ollamaCallingOf({}, false)).toEqual({ calls: [], toolsUnused: false });
  });

  test("calls several functions if each of them asks for what a picture shows", () => {
    const { calls } = ollamaCallingOf({ tools: [photo, wrapped] }, false);
    expect(calls.map(({ name }) => name)).toEqual(["photo", "wrapped"]);
  });
});
