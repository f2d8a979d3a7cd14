import { InvalidArgumentError } from "commander";

/** Parses an option that is a whole number from `low` to `high`. */
export function wholeNumber(low: number, high: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < low || value > high) {
      throw new InvalidArgumentError(`"${text}" is not a whole number from ${low} to ${high}.`);
    }
    return value;
  };
}

/** Parses an option that is a number from `low` to `high`. */
export function realNumber(low: number, high: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() === "" || !(value >= low && value <= high)) {
      throw new InvalidArgumentError(`"${text}" is not a number from ${low} to ${high}.`);
    }
    return value;
  };
}
