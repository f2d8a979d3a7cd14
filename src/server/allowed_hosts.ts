import { isIP } from "node:net";
import ipaddr from "ipaddr.js";
import { EdgecapError } from "../errors.ts";

type Range = [ipaddr.IPv4 | ipaddr.IPv6, number];

/** The hosts and addresses that an operator allows pictures to be fetched from. */
export class AllowedHosts {
  readonly #names = new Set<string>();
  readonly #suffixes: string[] = [];
  readonly #ranges: Range[] = [];
  readonly #any: boolean;

  /**
   * Parses an operator's list.
   *
   * @param entries Host names (`photos.example.org`), names with all subdomains (`*.example.org`), `*` for every name,
   *   and addresses or ranges (`10.1.0.0/16`, `::1`). Only these open loopback, private and link-local addresses.
   * @throws {EdgecapError} `option-invalid`, quoting the entry.
   */
  constructor(entries: readonly string[]) {
    this.#any = entries.includes("*");
    for (const entry of entries) {
      if (entry === "*") continue;
      const range = rangeOf(entry);
      if (range !== undefined) this.#ranges.push(range);
      else if (/^(\*\.)?[a-z0-9_-]+(\.[a-z0-9_-]+)*$/i.test(entry)) {
        const name = entry.toLowerCase();
        if (name.startsWith("*.")) this.#suffixes.push(name.slice(1));
        else this.#names.add(name);
      } else {
        const message = `"${entry}" is not a host that can be allowed: give a name, *.name, *, an address or a range such as 10.0.0.0/8.`;
        throw new EdgecapError("option-invalid", message);
      }
    }
  }

  /** Whether anything is allowed at all. */
  get some(): boolean {
    return this.#any || this.#names.size > 0 || this.#suffixes.length > 0 || this.#ranges.length > 0;
  }

  /**
   * Whether a name is allowed; its addresses must be allowed too. If only ranges are given, every name may be resolved.
   */
  allowsHost(host: string): boolean {
    const name = host.toLowerCase().replace(/\.$/, "");
    return (
      this.#any ||
      this.#names.has(name) ||
      this.#suffixes.some((suffix) => name.endsWith(suffix)) ||
      (this.#ranges.length > 0 && isIP(name) === 0 && this.#names.size === 0 && this.#suffixes.length === 0)
    );
  }

  /**
   * Whether an address may be connected to: it is in an allowed range, or it is public and its name is allowed.
   *
   * @param named Whether its host was allowed by name.
   */
  allowsAddress(text: string, named: boolean): boolean {
    // ipaddr.js also accepts abbreviated forms, which resolvers interpret differently.
    if (isIP(text) === 0) return false;
    // An IPv4 address inside an IPv6 one is judged as IPv4.
    const address = ipaddr.process(text);
    if (this.#ranges.some(([range, bits]) => range.kind() === address.kind() && address.match(range, bits)))
      return true;
    return named && this.#publicNamesAllowed && isPublic(text);
  }

  get #publicNamesAllowed(): boolean {
    return this.#any || this.#names.size > 0 || this.#suffixes.length > 0;
  }
}

/** The only IPv6 range for public hosts. */
const globalUnicast: Range = [ipaddr.IPv6.parse("2000::"), 3];

/** Whether an address is public. */
export function isPublic(text: string): boolean {
  // An IPv4 address inside an IPv6 one is judged as IPv4.
  const address = ipaddr.process(text);
  // Loopback, private, link-local (metadata services among them), carrier-grade, multicast, reserved and tunnels.
  if (address.range() !== "unicast") return false;
  if (address.kind() === "ipv4") return true;
  // The old IPv6 forms of IPv4 addresses (::127.0.0.1) and unassigned ranges are outside of it; ISATAP puts
  // an IPv4 address after a public prefix.
  return address.match(...globalUnicast) && !isIsatap(address as ipaddr.IPv6);
}

function isIsatap({ parts }: ipaddr.IPv6): boolean {
  return (parts[4]! & 0xfdff) === 0 && parts[5] === 0x5efe;
}

function rangeOf(entry: string): Range | undefined {
  if (ipaddr.isValid(entry) && isIP(entry) !== 0) {
    const address = ipaddr.process(entry);
    return [address, address.kind() === "ipv4" ? 32 : 128];
  }
  if (!entry.includes("/")) return undefined;
  try {
    return ipaddr.parseCIDR(entry);
  } catch {
    return undefined;
  }
}
