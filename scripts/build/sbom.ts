/**
 * Writes a bill of materials (CycloneDX 1.6, JSON) of what edgecap ships: the npm packages and crates that are compiled
 * into the executable, its page and its WebAssembly, Bun's runtime, and the files of the default bundle.
 *
 * usage: bun run sbom [--out dist/edgecap.cdx.json]     (needs cargo, which knows the dependencies of a crate)
 *
 * Two runs on the same sources write the same bytes: it contains no time and no random number.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { Enums, Models, Serialize, Spec, Validation } from "@cyclonedx/cyclonedx-library";
import packageJson from "../../package.json" with { type: "json" };
import { crateParts, npmParts, type Part } from "./notices.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const version = Spec.Version.v1dot6;

function licenceOf(text: string): Models.License {
  if (/[\s/]/.test(text)) return new Models.LicenseExpression(text.replaceAll("/", " OR "));
  return new Models.SpdxLicense(text);
}

function component(kind: "npm" | "cargo", { name, version, licence }: Part): Models.Component {
  const purl = `pkg:${kind}/${name.replace("@", "%40")}@${version}`;
  const one = new Models.Component(Enums.ComponentType.Library, name, { version, purl, bomRef: purl });
  one.licenses.add(licenceOf(licence));
  return one;
}

/** The default bundle, with the hashes of its files. */
function modelComponent(): Models.Component {
  const manifest = JSON.parse(readFileSync(join(root, "models/default/manifest.json"), "utf8")) as {
    readonly name: string;
    readonly version: string;
    readonly files: Readonly<Record<string, { readonly path: string; readonly sha256: string }>>;
  };
  const bundle = new Models.Component(Enums.ComponentType.MachineLearningModel, manifest.name, {
    version: manifest.version,
    bomRef: `bundle:${manifest.name}@${manifest.version}`,
  });
  for (const { path, sha256 } of Object.values(manifest.files)) {
    const hashes = new Models.HashDictionary([[Enums.HashAlgorithm["SHA-256"], sha256]]);
    const bomRef = `${bundle.bomRef.value}/${path}`;
    bundle.components.add(new Models.Component(Enums.ComponentType.Data, path, { hashes, bomRef }));
  }
  return bundle;
}

/**
 * The bill of materials as JSON.
 *
 * @throws {Error} if the result does not fit CycloneDX's schema.
 */
export async function billOfMaterials(npm: readonly Part[], crates: readonly Part[]): Promise<string> {
  const bom = new Models.Bom();
  const edgecap = new Models.Component(Enums.ComponentType.Application, packageJson.name, {
    version: packageJson.version,
    bomRef: `pkg:npm/${packageJson.name}@${packageJson.version}`,
  });
  bom.metadata.component = edgecap;
  const bun = packageJson.devDependencies.bun;
  const runtime = new Models.Component(Enums.ComponentType.Platform, "bun", { version: bun, bomRef: `bun@${bun}` });
  const parts = [
    ...npm.map((part) => component("npm", part)),
    ...crates.map((part) => component("cargo", part)),
    ...[runtime, modelComponent()],
  ];
  for (const part of parts) {
    bom.components.add(part);
    edgecap.dependencies.add(part.bomRef);
  }
  const serializer = new Serialize.JsonSerializer(new Serialize.JSON.Normalize.Factory(Spec.Spec1dot6));
  const text = serializer.serialize(bom, { sortLists: true, space: 2 });
  const problems = await new Validation.JsonStrictValidator(version).validate(text);
  if (problems !== null) throw new Error(`The bill of materials breaks its schema: ${JSON.stringify(problems)}`);
  return `${text}\n`;
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { out: { type: "string", default: join(root, "dist/edgecap.cdx.json") } } });
  const crates = crateParts();
  if (crates === undefined)
    throw new Error("cargo cannot list what is in the crates: install it, and run this online once.");
  const npm = await npmParts();
  const out = resolve(values.out);
  mkdirSync(dirname(out), { recursive: true });
  writeFileSync(out, await billOfMaterials(npm, crates));
  console.log(`Wrote ${out}: ${npm.length} packages and ${crates.length} crates.`);
}
