import { isIP } from "node:net";
import ipaddr from "ipaddr.js";
import { EdgecapError } from "../errors.ts";

type Range = [ipaddr.IPv4 | ipaddr.IPv6, number];

/** The hosts and addresses that an operator lets images be fetched from. */
export class AllowedHosts {
  readonly #names = new Set<string>();
  readonly #suffixes: string[] = [];
  readonly #ranges: Range[] = [];
  readonly #any: boolean;

  /**
   * Reads an operator's list.
   *
   * @param entries Host names (`photos.example.org`), names with all below them (`*.example.org`), `*` for every name,
   *   and addresses or ranges (`10.1.0.0/16`, `::1`), which alone make loopback, private and link-local addresses reachable.
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
        const message = `"${entry}" is no host to allow: give a name, *.name, *, an address or a range such as 10.0.0.0/8.`;
        throw new EdgecapError("option-invalid", message);
      }
    }
  }

  /** Whether anything is allowed at all. */
  get some(): boolean {
    return this.#any || this.#names.size > 0 || this.#suffixes.length > 0 || this.#ranges.length > 0;
  }

  /** Whether a name is allowed; its addresses have to be, too. With ranges alone, every name that lies in them is. */
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
   * Whether an address may be connected to: one in a range that is allowed, or a public one behind a name that is.
   *
   * @param named Whether the name that it stands for was allowed by name.
   */
  allowsAddress(text: string, named: boolean): boolean {
    // ipaddr.js takes shorter and larger forms too, which resolvers read each in their own way.
    if (isIP(text) === 0) return false;
    // An IPv4 address in the clothes of IPv6 is judged as what it is.
    const address = ipaddr.process(text);
    if (this.#ranges.some(([range, bits]) => range.kind() === address.kind() && address.match(range, bits)))
      return true;
    return named && this.#publicNamesAllowed && isPublic(address);
  }

  get #publicNamesAllowed(): boolean {
    return this.#any || this.#names.size > 0 || this.#suffixes.length > 0;
  }
}

/** The only range of IPv6 that is given out to public hosts. */
const globalUnicast: Range = [ipaddr.IPv6.parse("2000::"), 3];

function isPublic(address: ipaddr.IPv4 | ipaddr.IPv6): boolean {
  // Loopback, private, link-local (metadata services among them), carrier-grade, multicast, reserved and tunnels.
  if (address.range() !== "unicast") return false;
  if (address.kind() === "ipv4") return true;
  // IPv4 addresses in the old clothes of IPv6 (::127.0.0.1) and what is given to nobody lie outside of it; ISATAP puts
  // an IPv4 address behind a public prefix.
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
