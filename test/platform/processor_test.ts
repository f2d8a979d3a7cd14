import { describe, expect, test } from "bun:test";
import { describeProcessor, linuxFlags, macFlags, namedFeatures } from "../../src/platform/processor.ts";

describe("namedFeatures()", () => {
  test("names what decides the speed and exactness of 8-bit graphs, and says if VNNI is missing", () => {
    const zen4 =
      "processor\t: 0\nmodel name\t: AMD EPYC\nflags\t\t: fpu sse4_1 avx2 fma avx512f avx512_vnni\nbugs\t: x\n";
    expect(namedFeatures(linuxFlags(zen4))).toEqual(["SSE4.1", "AVX2", "FMA", "AVX-512", "VNNI"]);
    const zen3 = "flags\t\t: fpu sse4_1 fma avx2\n\nprocessor : 1\nflags\t\t: fpu avx_vnni\n";
    expect(namedFeatures(linuxFlags(zen3))).toEqual(["SSE4.1", "AVX2", "FMA", "no VNNI"]);
    expect(namedFeatures(linuxFlags("flags : sse4_1 avx2 avx_vnni"))).toEqual(["SSE4.1", "AVX2", "VNNI"]);
    expect(namedFeatures(linuxFlags("Features\t: fp asimd asimddp i8mm"))).toEqual(["NEON", "dot products", "I8MM"]);
    expect(
      namedFeatures(macFlags("hw.optional.neon: 1\nhw.optional.arm.FEAT_DotProd: 1\nhw.optional.arm.FEAT_I8MM: 0\n")),
    ).toEqual(["NEON", "dot products"]);
    expect(namedFeatures(macFlags("hw.optional.avx2_0: 1\nhw.optional.avx512f: 0\n"))).toEqual(["AVX2", "no VNNI"]);
    expect(namedFeatures(linuxFlags("no flags here"))).toEqual([]);
  });

  test("describes this machine", () => {
    expect(describeProcessor()).toMatch(/\S \(.+\)$/);
    if (process.platform === "linux") expect(describeProcessor()).toMatch(/AVX2|SSE4\.1|NEON/);
  });
});
