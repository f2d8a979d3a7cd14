import { textModule } from "../../../src/text/text_module.ts";
import type { Reader } from "./attack.ts";
import { bundleReaders } from "./bundle_readers.ts";
import { fileReaders } from "./file_readers.ts";
import { liteReaders } from "./lite_readers.ts";
import { metadataReaders } from "./metadata_readers.ts";
import { serverReaders } from "./server_readers.ts";
import { siteReaders } from "./site_readers.ts";
import { trainingReaders } from "./training_readers.ts";

/** All readers of what others wrote, except pictures; their files go into the folder `scratch`. */
export async function readers(scratch: string): Promise<Reader[]> {
  await textModule();
  return [
    ...(await bundleReaders()),
    ...(await liteReaders()),
    ...(await trainingReaders(scratch)),
    ...serverReaders(),
    ...fileReaders(scratch),
    ...siteReaders(),
    ...metadataReaders(),
  ];
}
