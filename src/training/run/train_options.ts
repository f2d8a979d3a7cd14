import type { ArticleSettings } from "../article/train_article.ts";
import type { AttentionSettings } from "../attention/settings.ts";
import type { PhotoViews } from "../encoder/photo_views.ts";
import type { EpochRecord } from "./epochs.ts";
import type { RunOptions } from "./run_folder.ts";

/** The inputs of a training run of any preset. */
export interface CommonRunOptions extends RunOptions {
  /** Folder of the photos. */
  readonly images: string;
  /** Captions file: Kaggle's, Flickr8k.token.txt's or Karpathy's layout. */
  readonly captions: string;
  /** List of training photos, one name per line; without lists, a random split by photo. */
  readonly trainList?: string;
  /** List of dev photos. */
  readonly devList?: string;
  /** Called once the data has been read and checked, before anything of an earlier run is replaced. */
  readonly onData?: () => Promise<void>;
  readonly onEpoch?: (record: EpochRecord) => void;
}

/** Further inputs of a run of the attention preset. */
export interface AttentionOptions {
  readonly preset?: "attention";
  readonly settings: AttentionSettings;
  /**
   * Weights to start from, by name; the others start at random. If they hold the encoder's last stage, it learns
   * too, and `encoder` ends before it.
   */
  readonly start?: ReadonlyMap<string, Float32Array>;
  /** Number of views of each photo to learn from. Default 2: itself and its mirror image. */
  readonly views?: PhotoViews;
}

/** Further inputs of a run of the article preset. */
export interface ArticleOptions {
  readonly preset: "article";
  readonly settings: ArticleSettings;
}

/** The inputs of a training run. The settings are those of its preset, by default `attention`. */
export type TrainRunOptions = CommonRunOptions & (AttentionOptions | ArticleOptions);
