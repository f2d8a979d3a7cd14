import { importWebgpu } from "#packages";
import { EdgecapError } from "../errors.ts";
import { runtimeName } from "../platform/runtime_name.ts";
import type { AdapterInfo } from "./backend.ts";
import { firstLine } from "./native.ts";

/** The part of WebGPU used here, whose types some runtimes lack. */
export interface GpuDevice {
  readonly lost: Promise<{ readonly reason: string; readonly message: string }>;
  destroy(): void;
}

interface GpuAdapter {
  readonly info: Readonly<Record<"vendor" | "architecture" | "device" | "description", string>> & {
    readonly isFallbackAdapter?: boolean;
  };
  readonly isFallbackAdapter?: boolean;
  readonly features: ReadonlySet<string>;
  readonly limits: Readonly<Record<string, number>>;
  requestDevice(wanted: object): Promise<GpuDevice>;
}

interface Gpu {
  requestAdapter(options?: object): Promise<GpuAdapter | null>;
}

/** A device and its adapter. */
export interface OpenDevice {
  readonly device: GpuDevice;
  readonly adapter: AdapterInfo;
}

/** The adapter's limits and features that onnxruntime requests. */
const limitNames = [
  "maxBufferSize",
  "maxStorageBufferBindingSize",
  "maxStorageBuffersPerShaderStage",
  "maxComputeWorkgroupStorageSize",
  "maxComputeInvocationsPerWorkgroup",
  "maxComputeWorkgroupSizeX",
  "maxComputeWorkgroupSizeY",
  "maxComputeWorkgroupSizeZ",
  "maxComputeWorkgroupsPerDimension",
] as const;
const featureNames = ["shader-f16", "subgroups"];

/**
 * Opens the device of the best adapter.
 *
 * @throws {EdgecapError} `backend-unavailable`, saying what is missing and how to get it.
 */
export async function openDevice(): Promise<OpenDevice> {
  const gpu = await findGpu();
  const adapter = await gpu.requestAdapter({ powerPreference: "high-performance" }).catch(() => null);
  if (adapter === null || adapter === undefined) {
    throw unavailable(
      "WebGPU finds no adapter. Install a graphics driver with Vulkan, Metal or Direct3D 12 (on Debian without a graphics processor, mesa-vulkan-drivers)",
    );
  }
  const adapterInfo = describe(adapter);
  if (
    adapterInfo.limits["maxBufferSize"] === 0 ||
    /\bnull\b/i.test(`${adapterInfo.name} ${adapterInfo.architecture}`)
  ) {
    throw unavailable(
      `the adapter "${adapterInfo.name}" is a null adapter, which computes nothing. Install a graphics driver`,
    );
  }
  try {
    const device = await adapter.requestDevice({
      requiredFeatures: featureNames.filter((name) => adapter.features.has(name)),
      requiredLimits: adapterInfo.limits,
    });
    return { device, adapter: adapterInfo };
  } catch (cause) {
    throw unavailable(`the adapter "${adapterInfo.name}" provides no device: ${firstLine(cause)}`, cause);
  }
}

function describe(adapter: GpuAdapter): AdapterInfo {
  const { info, features, limits } = adapter;
  const name = [info.description, info.device, info.architecture, info.vendor].find((text) => text) ?? "unnamed";
  const fallback = info.isFallbackAdapter === true || adapter.isFallbackAdapter === true;
  return {
    name,
    vendor: info.vendor,
    architecture: info.architecture,
    software: fallback || /swiftshader|llvmpipe|lavapipe|softpipe|basic render/i.test(`${name} ${info.architecture}`),
    features: featureNames.filter((feature) => features.has(feature)),
    limits: Object.fromEntries(
      limitNames.flatMap((limit) => (typeof limits[limit] === "number" ? [[limit, limits[limit]]] : [])),
    ),
  };
}

/** The runtime's own WebGPU; on Bun and Node, which lack it, the package `webgpu`. */
async function findGpu(): Promise<Gpu> {
  const scope = globalThis as unknown as { navigator?: { gpu?: Gpu } };
  if (scope.navigator?.gpu) return scope.navigator.gpu;
  if (runtimeName() === "Deno") throw unavailable("Deno has WebGPU only if you start it with --unstable-webgpu");
  if (runtimeName() === "browser")
    throw unavailable("this browser has no WebGPU, or the page is not served over https: or from localhost");
  let dawn: Awaited<ReturnType<typeof importWebgpu>>;
  try {
    dawn = await importWebgpu();
  } catch (cause) {
    throw unavailable(
      `it needs the package webgpu, which does not load: ${firstLine(cause)}. Install it with "bun add webgpu" (executables cannot load it)`,
      cause,
    );
  }
  // onnxruntime-web looks for WebGPU in the same place as in a browser.
  for (const [name, value] of Object.entries(dawn.globals))
    if (!(name in globalThis)) Object.assign(globalThis, { [name]: value });
  const gpu = dawn.create([]) as unknown as Gpu;
  scope.navigator ??= {};
  Object.defineProperty(scope.navigator, "gpu", { value: gpu, configurable: true });
  return gpu;
}

function unavailable(why: string, cause?: unknown): EdgecapError {
  return new EdgecapError(
    "backend-unavailable",
    `The backend "webgpu" is not available: ${why}, or use the backend "wasm".`,
    cause === undefined ? {} : { cause },
  );
}
