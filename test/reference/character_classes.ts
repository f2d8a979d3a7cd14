/** Classes of characters, as the text between the brackets of a regular expression with the flag `v`. */

/** Scripts with upper and lower case. */
export const CASED = [
  String.raw`\u{41}-\u{5a}\u{61}-\u{7a}\u{c0}-\u{d6}\u{d8}-\u{f6}\u{f8}-\u{1bf}\u{1c4}-\u{2af}\u{386}\u{388}-\u{38a}\u{38c}`,
  String.raw`\u{38e}-\u{38f}\u{391}-\u{3a9}\u{3ac}-\u{3af}\u{3b1}-\u{3c9}\u{3cc}-\u{3ce}\u{400}-\u{401}\u{403}-\u{40a}`,
  String.raw`\u{40c}-\u{40d}\u{410}-\u{451}\u{453}-\u{45a}\u{45c}-\u{45d}\u{490}-\u{491}\u{496}-\u{497}\u{4a2}-\u{4a3}`,
  String.raw`\u{4ae}-\u{4af}\u{4ba}-\u{4bb}\u{4d8}-\u{4d9}\u{4e8}-\u{4e9}\u{1d00}-\u{1d25}\u{1d6b}-\u{1d77}`,
  String.raw`\u{1d79}-\u{1d9a}\u{1e00}-\u{1eff}\u{2c60}-\u{2c7b}\u{2c7e}-\u{2c7f}\u{a722}-\u{a76f}\u{a771}-\u{a787}`,
  String.raw`\u{a78b}-\u{a78e}\u{a790}-\u{a7b9}\u{a7fa}\u{ab30}-\u{ab5a}\u{ab60}-\u{ab64}\u{ff21}-\u{ff3a}\u{ff41}-\u{ff5a}`,
].join("");

/** Scripts without case, whose letters count as both cases. */
export const UNCASED = [
  String.raw`\u{591}-\u{5f4}\u{620}-\u{64a}\u{66e}-\u{6d5}\u{6e5}-\u{6ff}\u{750}-\u{77f}\u{8a0}-\u{8bd}\u{900}-\u{9ff}`,
  String.raw`\u{b80}-\u{cff}\u{d80}-\u{dff}\u{1100}-\u{137f}\u{2e80}-\u{2fdf}\u{2ff0}-\u{30ff}\u{31c0}-\u{31ef}`,
  String.raw`\u{3200}-\u{4dbf}\u{4e00}-\u{9fff}\u{ac00}-\u{d7af}\u{f900}-\u{faff}\u{fb1d}-\u{fbb1}\u{fbd3}-\u{fd3d}`,
  String.raw`\u{fd50}-\u{fdc7}\u{fdf0}-\u{fdfb}\u{fe30}-\u{fe4f}\u{fe70}-\u{fefc}\u{1ee00}-\u{1eebb}\u{1f200}-\u{1f2ff}`,
  String.raw`\u{20000}-\u{2a6df}\u{2a700}-\u{2ebef}\u{2f800}-\u{2fa1f}`,
].join("");

/** Symbols: dingbats, arrows, emoji. */
export const ICONS = [
  String.raw`\u{a6}\u{a9}\u{ae}\u{b0}\u{482}\u{58d}-\u{58e}\u{60e}-\u{60f}\u{6de}\u{6e9}\u{6fd}-\u{6fe}\u{7f6}\u{9fa}`,
  String.raw`\u{b70}\u{bf3}-\u{bf8}\u{bfa}\u{c7f}\u{d4f}\u{d79}\u{f01}-\u{f03}\u{f13}\u{f15}-\u{f17}\u{f1a}-\u{f1f}\u{f34}`,
  String.raw`\u{f36}\u{f38}\u{fbe}-\u{fc5}\u{fc7}-\u{fcc}\u{fce}-\u{fcf}\u{fd5}-\u{fd8}\u{109e}-\u{109f}\u{1390}-\u{1399}`,
  String.raw`\u{1940}\u{19de}-\u{19ff}\u{1b61}-\u{1b6a}\u{1b74}-\u{1b7c}\u{2100}-\u{2101}\u{2103}-\u{2106}\u{2108}-\u{2109}`,
  String.raw`\u{2114}\u{2116}-\u{2117}\u{211e}-\u{2123}\u{2125}\u{2127}\u{2129}\u{212e}\u{213a}-\u{213b}\u{214a}`,
  String.raw`\u{214c}-\u{214d}\u{214f}\u{218a}-\u{218b}\u{2195}-\u{2199}\u{219c}-\u{219f}\u{21a1}-\u{21a2}\u{21a4}-\u{21a5}`,
  String.raw`\u{21a7}-\u{21ad}\u{21af}-\u{21cd}\u{21d0}-\u{21d1}\u{21d3}\u{21d5}-\u{21f3}\u{2300}-\u{2307}\u{230c}-\u{231f}`,
  String.raw`\u{2322}-\u{2328}\u{232b}-\u{237b}\u{237d}-\u{239a}\u{23b4}-\u{23db}\u{23e2}-\u{2426}\u{2440}-\u{244a}`,
  String.raw`\u{249c}-\u{24e9}\u{2500}-\u{25b6}\u{25b8}-\u{25c0}\u{25c2}-\u{25f7}\u{2600}-\u{266e}\u{2670}-\u{2767}`,
  String.raw`\u{2794}-\u{27bf}\u{2800}-\u{28ff}\u{2b00}-\u{2b2f}\u{2b45}-\u{2b46}\u{2b4d}-\u{2b73}\u{2b76}-\u{2b95}`,
  String.raw`\u{2b98}-\u{2bc8}\u{2bca}-\u{2bfe}\u{2ce5}-\u{2cea}\u{2e80}-\u{2e99}\u{2e9b}-\u{2ef3}\u{2f00}-\u{2fd5}`,
  String.raw`\u{2ff0}-\u{2ffb}\u{3004}\u{3012}-\u{3013}\u{3020}\u{3036}-\u{3037}\u{303e}-\u{303f}\u{3190}-\u{3191}`,
  String.raw`\u{3196}-\u{319f}\u{31c0}-\u{31e3}\u{3200}-\u{321e}\u{322a}-\u{3247}\u{3250}\u{3260}-\u{327f}\u{328a}-\u{32b0}`,
  String.raw`\u{32c0}-\u{32fe}\u{3300}-\u{33ff}\u{4dc0}-\u{4dff}\u{a490}-\u{a4c6}\u{a828}-\u{a82b}\u{a836}-\u{a837}\u{a839}`,
  String.raw`\u{aa77}-\u{aa79}\u{fdfd}\u{ffe4}\u{ffe8}\u{ffed}-\u{ffee}\u{fffc}-\u{fffd}\u{10137}-\u{1013f}`,
  String.raw`\u{10179}-\u{10189}\u{1018c}-\u{1018e}\u{10190}-\u{1019b}\u{101a0}\u{101d0}-\u{101fc}\u{10877}-\u{10878}`,
  String.raw`\u{10ac8}\u{1173f}\u{16b3c}-\u{16b3f}\u{16b45}\u{1bc9c}\u{1d000}-\u{1d0f5}\u{1d100}-\u{1d126}`,
  String.raw`\u{1d129}-\u{1d164}\u{1d16a}-\u{1d16c}\u{1d183}-\u{1d184}\u{1d18c}-\u{1d1a9}\u{1d1ae}-\u{1d1e8}`,
  String.raw`\u{1d200}-\u{1d241}\u{1d245}\u{1d300}-\u{1d356}\u{1d800}-\u{1d9ff}\u{1da37}-\u{1da3a}\u{1da6d}-\u{1da74}`,
  String.raw`\u{1da76}-\u{1da83}\u{1da85}-\u{1da86}\u{1ecac}\u{1f000}-\u{1f02b}\u{1f030}-\u{1f093}\u{1f0a0}-\u{1f0ae}`,
  String.raw`\u{1f0b1}-\u{1f0bf}\u{1f0c1}-\u{1f0cf}\u{1f0d1}-\u{1f0f5}\u{1f110}-\u{1f16b}\u{1f170}-\u{1f1ac}`,
  String.raw`\u{1f1e6}-\u{1f202}\u{1f210}-\u{1f23b}\u{1f240}-\u{1f248}\u{1f250}-\u{1f251}\u{1f260}-\u{1f265}`,
  String.raw`\u{1f300}-\u{1f3fa}\u{1f400}-\u{1f6d4}\u{1f6e0}-\u{1f6ec}\u{1f6f0}-\u{1f6f9}\u{1f700}-\u{1f773}`,
  String.raw`\u{1f780}-\u{1f7d8}\u{1f800}-\u{1f80b}\u{1f810}-\u{1f847}\u{1f850}-\u{1f859}\u{1f860}-\u{1f887}`,
  String.raw`\u{1f890}-\u{1f8ad}\u{1f900}-\u{1f90b}\u{1f910}-\u{1f93e}\u{1f940}-\u{1f970}\u{1f973}-\u{1f976}\u{1f97a}`,
  String.raw`\u{1f97c}-\u{1f9a2}\u{1f9b0}-\u{1f9b9}\u{1f9c0}-\u{1f9c2}\u{1f9d0}-\u{1f9ff}\u{1fa60}-\u{1fa6d}`,
].join("");
