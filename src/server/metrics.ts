import { Counter, Gauge, Histogram, Registry } from "prom-client";
import type { Caption } from "../caption/caption.ts";
import type { PoolObserver, WorkerPool } from "../pool/worker_pool.ts";
import type { BodyMemory } from "./body_memory.ts";
import type { CaptionService, Origin } from "./caption_service.ts";

const secondsBuckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** The server's metrics, in the format of Prometheus. */
export class Metrics {
  readonly #registry = new Registry();
  readonly #requests = new Counter({
    name: "edgecap_http_requests_total",
    help: "Requests answered, by route, method and status; 499 if the client disconnected first.",
    labelNames: ["route", "method", "status"],
    registers: [this.#registry],
  });
  readonly #problems = this.#counter("edgecap_problems_total", "Requests refused or failed, by the problem's code.", [
    "code",
  ]);
  readonly #duration = this.#histogram("edgecap_http_request_duration_seconds", "Time to the answer.", ["route"]);
  readonly #wait = this.#histogram("edgecap_queue_wait_seconds", "Time that pictures waited for a worker.");
  readonly #image = this.#histogram("edgecap_image_seconds", "Time to decode and resize a picture.");
  readonly #encode = this.#histogram("edgecap_encode_seconds", "Time of the encoder.");
  readonly #generate = this.#histogram("edgecap_generate_seconds", "Time of the decoder and the search.");
  readonly #words = this.#counter("edgecap_words_total", "Words of captions that workers made.");
  readonly #restarts = this.#counter("edgecap_worker_restarts_total", "Workers that were replaced, by reason.", [
    "reason",
  ]);
  readonly #captions = this.#counter("edgecap_captions_total", "Captions answered, by origin.", ["origin"]);

  /** The events that a pool reports to these metrics. */
  readonly observer: Required<Omit<PoolObserver, "replaced">> & { replaced(reason: string): void } = {
    started: (waitMs) => this.#wait.observe(waitMs / 1000),
    captioned: ({ timing, words }: Caption) => {
      this.#image.observe(timing.imageMs / 1000);
      this.#encode.observe(timing.encodeMs / 1000);
      this.#generate.observe(timing.generateMs / 1000);
      this.#words.inc(words.length);
    },
    replaced: (reason) => this.#restarts.inc({ reason }),
  };

  constructor() {
    for (const reason of ["crashed", "hung", "refused"]) this.#restarts.inc({ reason }, 0);
    for (const origin of ["cache", "shared", "inference"] satisfies Origin[]) this.#captions.inc({ origin }, 0);
  }

  /** Adds gauges of the server's current state: the queue, the workers, the cache, the memory. */
  watch(
    pool: Pick<WorkerPool, "state">,
    service: Pick<CaptionService, "cached">,
    memory: Pick<BodyMemory, "held" | "limit">,
  ): void {
    this.#gauge("edgecap_body_bytes", "Memory used by bodies and pictures.", () => memory.held);
    this.#gauge("edgecap_body_limit_bytes", "Limit of the memory for bodies and pictures.", () => memory.limit);
    this.#gauge("edgecap_queue_length", "Pictures waiting for a worker.", () => pool.state.queue);
    this.#gauge("edgecap_workers_ready", "Workers that can caption.", () => pool.state.ready);
    this.#gauge("edgecap_workers_busy", "Workers that have a picture.", () => pool.state.busy);
    this.#gauge("edgecap_cache_bytes", "Memory of the cache of captions.", () => service.cached.bytes);
    this.#gauge("edgecap_cache_entries", "Captions in the cache.", () => service.cached.entries);
    this.#gauge("process_resident_memory_bytes", "Resident memory size in bytes.", () => process.memoryUsage().rss);
  }

  request(route: string, method: string, status: number, seconds: number): void {
    this.#requests.inc({ route, method, status: String(status) });
    this.#duration.observe({ route }, seconds);
  }

  problem(code: string): void {
    this.#problems.inc({ code });
  }

  caption(origin: Origin): void {
    this.#captions.inc({ origin });
  }

  /** The metrics text and its content type. */
  async text(): Promise<{ body: string; contentType: string }> {
    return { body: await this.#registry.metrics(), contentType: this.#registry.contentType };
  }

  #histogram(name: string, help: string, labelNames: string[] = []): Histogram {
    return new Histogram({ name, help, labelNames, buckets: secondsBuckets, registers: [this.#registry] });
  }

  #counter(name: string, help: string, labelNames: string[] = []): Counter {
    return new Counter({ name, help, labelNames, registers: [this.#registry] });
  }

  #gauge(name: string, help: string, read: () => number): void {
    new Gauge({
      name,
      help,
      registers: [this.#registry],
      collect() {
        this.set(read());
      },
    });
  }
}
