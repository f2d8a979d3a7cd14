import { type Static, Type } from "@sinclair/typebox";
import { optionTable } from "../../caption/option_table.ts";
import { schemaOf } from "../schemas.ts";
import type { Question } from "./question.ts";

const { minConfidence, maxCharacters, neutral, sentence } = optionTable;

/** Edgecap's own fields in the bodies of other servers' shapes: how a caption is to be written. */
export const writingSchemas = {
  min_confidence: Type.Optional(Type.Number(schemaOf(minConfidence))),
  max_characters: Type.Optional(Type.Integer(schemaOf(maxCharacters))),
  neutral: Type.Optional(Type.Boolean(schemaOf(neutral))),
  sentence: Type.Optional(Type.Boolean(schemaOf(sentence))),
};

/**
 * A seed. Many programs draw one from all numbers of 64 bits, at whose end JavaScript cannot tell a number from the
 * next: so none is too large.
 */
export const seedSchema = Type.Integer();

const writingSchema = Type.Object(writingSchemas);

/** The meaning of these fields. */
export function writingOf(
  body: Static<typeof writingSchema>,
): Pick<Question, "minConfidence" | "maxCharacters" | "neutral" | "sentence"> {
  return {
    minConfidence: body.min_confidence,
    maxCharacters: body.max_characters,
    neutral: body.neutral,
    sentence: body.sentence,
  };
}
