/** Where on the photo the model looked. */
export type Place =
  | "top left"
  | "top"
  | "top right"
  | "left"
  | "centre"
  | "right"
  | "bottom left"
  | "bottom"
  | "bottom right"
  | "whole photo";

/** A text for each plural form that a language has, by the names of `Intl.PluralRules`. */
export type Forms<Rule extends Intl.LDMLPluralRule> = Readonly<Record<Rule | "other", string>>;

/**
 * The texts of the page, in one language. The type makes sure that no text is missing, and the rule says which plural
 * forms the language has. `{name}` is a placeholder; a test checks that all languages have the same ones as English.
 */
export interface Messages<Rule extends Intl.LDMLPluralRule = "other"> {
  /** The language's own name. */
  readonly name: string;
  readonly title: string;
  readonly tagline: string;
  readonly language: string;
  readonly captionsInEnglish: string;

  readonly photoSection: string;
  readonly dropHere: string;
  readonly chooseHere: string;
  readonly startOne: string;
  readonly startMany: string;
  readonly choosePhotos: string;
  readonly chooseFolder: string;
  readonly useCamera: string;
  readonly noFile: string;
  readonly privacy: string;
  readonly programs: string;

  readonly camera: string;
  readonly cameraSees: string;
  readonly takePhoto: string;
  readonly cancel: string;
  readonly cameraRefused: string;
  readonly cameraMissing: string;
  readonly cameraBusy: string;

  readonly captionSection: string;
  readonly wordsOfCaption: string;
  readonly concepts: string;
  readonly copy: string;
  readonly again: string;
  readonly others: string;
  readonly looking: string;
  readonly yourPhoto: string;
  readonly captionSpoken: string;
  readonly doneIn: string;
  readonly copied: string;
  readonly copyRefused: string;
  readonly chooseWord: string;
  readonly wordLine: string;
  readonly wordLinePlain: string;
  readonly under: string;
  readonly places: Readonly<Record<Place, string>>;
  readonly sure: string;
  readonly fairlySure: string;
  readonly guess: string;
  readonly chance: string;
  readonly yourText: string;
  readonly backToAll: Forms<Rule>;

  readonly settings: string;
  readonly othersHelp: string;
  readonly care: string;
  readonly careQuick: string;
  readonly careStandard: string;
  readonly careThorough: string;
  readonly careHelp: string;
  readonly longest: string;
  readonly longestHelp: string;
  readonly automatic: string;
  readonly variety: string;
  readonly varietyHelp: string;
  readonly fromNowOn: string;

  readonly photos: Forms<Rule>;
  readonly progress: string;
  readonly doneOf: string;
  readonly failedCount: Forms<Rule>;
  readonly unsureCount: Forms<Rule>;
  readonly waitingCount: Forms<Rule>;
  readonly busyPause: string;
  readonly stop: string;
  readonly continue: string;
  readonly tryAgain: string;
  readonly tryFailed: string;
  readonly copyAll: string;
  readonly download: string;
  readonly sidecars: string;
  readonly removeAll: string;
  readonly removeAllSure: string;
  readonly remove: string;
  readonly captionOf: string;
  readonly lookCloser: string;
  readonly copyOf: string;
  readonly removeOf: string;
  readonly tryAgainOf: string;
  readonly stateWaiting: string;
  readonly stateWorking: string;
  readonly stateDone: string;
  readonly stateUnsure: string;
  readonly stateFailed: string;
  readonly edited: string;
  readonly leftOut: Forms<Rule>;
  readonly notPicture: string;
  readonly alreadyHere: string;
  readonly unreadable: string;
  readonly emptyFolder: string;
  readonly dismiss: string;

  readonly token: string;
  readonly imageEmpty: string;
  readonly fileGone: string;
  readonly imageUnsupported: string;
  readonly imageTruncated: string;
  readonly imageCorrupt: string;
  readonly imageTooLarge: string;
  readonly heic: string;
  readonly formatUnreadable: string;
  readonly captionUnsure: string;
  readonly unreachable: string;
  readonly interrupted: string;
  readonly tokenWanted: string;
  readonly fileTooLarge: string;
  readonly busyFor: string;
  readonly busy: string;
  readonly serverFault: string;
  readonly refused: string;
}
