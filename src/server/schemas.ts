import {
  type Static,
  type TBoolean,
  type TNumber,
  type TObject,
  type TOptional,
  type TSchema,
  Type,
} from "@sinclair/typebox";
import { type OptionName, type OptionRow, optionRow, optionTable } from "../caption/option_table.ts";
import { type ProblemCode, problemCodes } from "./problem.ts";

/** Schema of an option's values. */
type OptionSchema<Name extends OptionName> = (typeof optionTable)[Name]["kind"] extends "switch" ? TBoolean : TNumber;

/** Options that a client may give; how large a picture may be is the operator's to say. */
type ClientOption = Exclude<OptionName, "maxPixels">;

/** Options of a caption, for a query, the fields of a form and the properties of a JSON body. */
export const optionsSchema: TObject<{ [Name in ClientOption]: TOptional<OptionSchema<Name>> }> = Type.Object(
  Object.fromEntries(
    Object.keys(optionTable)
      .filter((name) => name !== "maxPixels")
      .map((name) => [name, Type.Optional(schemaOf(optionRow(name as OptionName)))]),
  ) as { [Name in ClientOption]: TOptional<OptionSchema<Name>> },
  { additionalProperties: false },
);

/** Schema of what an option accepts, with what it does and what holds without it. */
export function schemaOf(row: OptionRow): TSchema {
  if (row.kind === "switch") return Type.Boolean({ description: `${row.says}. Default false.` });
  const description = `${row.says}.${row.otherwise === undefined ? "" : ` Default: ${row.otherwise}.`}`;
  const range = row.above === true ? { exclusiveMinimum: row.low } : { minimum: row.low };
  const rules = { ...range, maximum: row.high, description };
  return row.kind === "whole" ? Type.Integer(rules) : Type.Number(rules);
}

const imageText = Type.String({
  minLength: 1,
  description: "The picture in base64, as a data URL, or, if the operator allows its host, as an http or https URL.",
});

/** One picture in a JSON body, with its own options. */
export const imageBodySchema = Type.Object(
  { ...optionsSchema.properties, image: Type.Union([imageText, Type.Array(imageText, { minItems: 1 })]) },
  { additionalProperties: false },
);

/** A JSON body. */
export const jsonBodySchema = Type.Union([imageBodySchema, Type.Array(imageBodySchema, { minItems: 1 })]);

/** One element of a JSON body. */
export type ImageBody = Static<typeof imageBodySchema>;

/** A form: pictures as files, options as fields. */
export const formSchema = Type.Object(
  {
    ...optionsSchema.properties,
    image: Type.Union([
      Type.String({ format: "binary" }),
      Type.Array(Type.String({ format: "binary" }), { minItems: 1 }),
    ]),
  },
  { description: "Every file is a picture, whatever its field's name.", additionalProperties: true },
);

const logProbability = Type.Number({ maximum: 0, description: "Natural logarithm of the probability." });

/** A caption as the command line prints it with `--json`. */
export const captionSchema = Type.Object({
  image: Type.String({ description: "Name of the file, its position in the request, or - for a bare body." }),
  caption: Type.String(),
  reason: Type.Optional(
    Type.Union([Type.Literal("unsure"), Type.Literal("too-long")], {
      description:
        'The sentence is less sure than minConfidence, or none fits into maxCharacters; caption is then "a photo of ..." with what is sure.',
    }),
  ),
  confidence: Type.Optional(
    Type.Number({
      minimum: 0,
      maximum: 1,
      description: "The probability that the sentence is right, if the model can tell.",
    }),
  ),
  logProbability,
  words: Type.Array(
    Type.Object({
      text: Type.String(),
      logProbability,
      attention: Type.Optional(
        Type.Array(Type.Number({ minimum: 0 }), {
          description: "Shares of the picture's regions, row by row from the top left: 49 numbers for 7 x 7.",
        }),
      ),
    }),
  ),
  alternatives: Type.Array(Type.Object({ caption: Type.String(), logProbability })),
  concepts: Type.Array(
    Type.Object({
      name: Type.String({ description: "An everyday noun in the singular." }),
      probability: Type.Number({ minimum: 0, maximum: 1 }),
    }),
    { description: "What the picture shows, likeliest first, at most 12." },
  ),
  timing: Type.Object({
    imageMs: Type.Number({ minimum: 0 }),
    encodeMs: Type.Number({ minimum: 0 }),
    generateMs: Type.Number({ minimum: 0 }),
  }),
});

/** A picture among several that could not be captioned. */
const captionErrorSchema = Type.Object({
  image: Type.String(),
  error: Type.Object({ code: Type.String(), message: Type.String() }),
});

/** The answer of `POST /v1/captions`. */
export const captionsSchema = Type.Union([captionSchema, Type.Array(Type.Union([captionSchema, captionErrorSchema]))]);

/** The answer of Hugging Face's endpoints for image-to-text; its newest client expects only the object. */
export const generatedTextSchema = Type.Union([
  Type.Array(Type.Object({ generated_text: Type.String() })),
  Type.Object({ generated_text: Type.String() }),
]);

/** A Hugging Face request in JSON. */
export const inputsSchema = Type.Object(
  { inputs: imageText },
  { additionalProperties: true, description: "Further properties, such as parameters, have no effect." },
);

/** The answer of `GET /v1/models`. */
export const modelsSchema = Type.Object({
  models: Type.Array(
    Type.Object({
      name: Type.String(),
      version: Type.Optional(Type.String()),
      preset: Type.Optional(Type.String()),
      precision: Type.Optional(Type.String()),
      backend: Type.Optional(Type.String()),
      vocabulary: Type.Optional(Type.Integer({ minimum: 1 })),
      maxWords: Type.Optional(Type.Integer({ minimum: 1, description: "Default longest caption, in words." })),
      bytes: Type.Optional(Type.Integer({ minimum: 1, description: "Size of its files." })),
    }),
  ),
});

/** The answer of `/healthz` and `/readyz`. */
export const statusSchema = Type.Object({
  status: Type.String(),
  workers: Type.Optional(
    Type.Object({ ready: Type.Integer(), busy: Type.Integer(), starting: Type.Integer(), queue: Type.Integer() }),
  ),
});

/** A problem document of RFC 9457. */
export const problemSchema = Type.Object({
  type: Type.String({ format: "uri" }),
  title: Type.String(),
  status: Type.Integer({ minimum: 400, maximum: 599 }),
  detail: Type.String(),
  code: Type.Union(problemCodes.map((code) => Type.Literal(code)) as [ReturnType<typeof Type.Literal<ProblemCode>>]),
  instance: Type.String({ format: "uri" }),
});
