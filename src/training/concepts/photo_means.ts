import type { PhotoGrids } from "../encoder/photo_grids.ts";

/** Mean over the regions of every view of some photos. */
export interface PhotoMeans {
  readonly images: readonly string[];
  /** First row of each photo in `rows`; its views follow one another. */
  readonly first: readonly number[];
  /** [rows, features] */
  readonly rows: Float32Array;
  readonly features: number;
}

/** Reads every grid of some photos once, which takes a second per thousand. */
export function photoMeans(images: readonly string[], grids: PhotoGrids): PhotoMeans {
  const { regions, features } = grids.index;
  const first: number[] = [];
  let count = 0;
  for (const image of images) {
    first.push(count);
    count += grids.viewsOf(image);
  }
  const rows = new Float32Array(count * features);
  const grid = new Float32Array(regions * features);
  for (const [place, image] of images.entries()) {
    for (let view = 0; view < grids.viewsOf(image); view++) {
      grids.read(image, view, grid, 0);
      const row = rows.subarray((first[place]! + view) * features, (first[place]! + view + 1) * features);
      for (let i = 0; i < grid.length; i++) row[i % features]! += grid[i]! / regions;
    }
  }
  return { images, first, rows, features };
}
