import type { Decoder } from "../../src/decode/decoder.ts";
import type { GraphValue } from "../../src/runtime/graph_session.ts";

/**
 * A decoder for one greedy caption that keeps no state: for each new word it reads all words so far again, as the
 * article does. It gives the same words as the decoder that it gets.
 */
export function prefixDecoder({ init, step }: Decoder): Decoder {
  const words: GraphValue[] = [];
  let first: { readonly hidden: GraphValue; readonly cell: GraphValue } | undefined;
  return {
    init,
    step: {
      run: async (inputs) => {
        words.push(inputs["tokens"]!);
        first ??= { hidden: inputs["hidden"]!, cell: inputs["cell"]! };
        let { hidden, cell } = first;
        for (let i = 0; ; i++) {
          const output = await step.run({ ...inputs, tokens: words[i]!, hidden, cell });
          if (i === words.length - 1) return output;
          [hidden, cell] = [output["next_hidden"]!, output["next_cell"]!];
        }
      },
    },
  };
}
