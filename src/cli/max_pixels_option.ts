import { Option } from "commander";
import { highestMaxPixels } from "../image/max_pixels.ts";
import { wholeNumber } from "./option_values.ts";

/** The option `--max-pixels`, which every verb that captions has. */
export function maxPixelsOption(): Option {
  return new Option("--max-pixels <n>", "most pixels of a picture (default: 128000000)").argParser(
    wholeNumber(1, highestMaxPixels),
  );
}
