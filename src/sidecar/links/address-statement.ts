// An address statement: the document in which a node says where it may be dialled. What to say, and how to read what others say.
import { isJsonObject, type JsonObject, type JsonValue } from '../../core/index.ts';
import { formatPeerAddress, type NetworkInterface, parsePeerAddress } from '../../mesh/index.ts';
import { addressKind } from './address-kind.ts';
import { outwardAddresses } from './network-watch.ts';

/** Its collection. The id is the node id. */
export const ADDRESSES = 'addresses';
/** Enough for a machine with several interfaces and both families; each costs those who dial it an attempt. */
export const MAX_STATED_ADDRESSES = 16;

const NOISE_KEY = /^[0-9a-f]{64}$/;
/** Of what is wrong, named in a report; a value may be 64 KiB long. */
const MAX_QUOTED = 64;

export interface AddressStatement {
  /** `host:port`, at most MAX_STATED_ADDRESSES. */
  readonly addresses: readonly string[];
  /** Hex; empty where it is not known. */
  readonly noiseKey: string;
  /** Whether it can be dialled by its Noise key over the DHT. */
  readonly dht: boolean;
}

export function encodeStatement({ addresses, noiseKey, dht }: AddressStatement): JsonObject {
  return { addresses: [...addresses], noise_key: noiseKey, dht };
}

/**
 * What of a value can be used, and what is wrong with the rest, one sentence each. Loopback addresses are of use only where all
 * members are on one machine: everywhere else they would lead to some service of the reader's own.
 */
export function readStatement(
  value: JsonObject,
  { takesLoopback }: { readonly takesLoopback: boolean },
): { readonly statement: AddressStatement; readonly faults: readonly string[] } {
  const faults: string[] = [];
  const { addresses: listed = [], noise_key: key = '', dht = false } = value;
  const texts = Array.isArray(listed) ? listed : [];
  if (!Array.isArray(listed)) faults.push('addresses is no list');
  if (texts.length > MAX_STATED_ADDRESSES) {
    faults.push(`${texts.length} addresses, at most ${MAX_STATED_ADDRESSES} are read`);
  }
  const addresses = new Set<string>();
  for (const text of texts.slice(0, MAX_STATED_ADDRESSES)) {
    const address = readAddress(text, takesLoopback);
    if (address === undefined) faults.push(`${quote(text)} is no address to dial`);
    else addresses.add(address);
  }
  const hasKey = typeof key === 'string' && NOISE_KEY.test(key);
  if (!hasKey && key !== '') faults.push(`noise_key ${quote(key)} is no key`);
  if (typeof dht !== 'boolean') faults.push('dht is neither true nor false');
  if (dht === true && !hasKey) faults.push('dht without a noise_key');
  const noiseKey = hasKey ? key : '';
  const statement = { addresses: [...addresses], noiseKey, dht: dht === true && hasKey };
  return { statement, faults };
}

function readAddress(text: JsonValue, takesLoopback: boolean): string | undefined {
  const parsed = typeof text === 'string' ? parsePeerAddress(text) : undefined;
  if (parsed === undefined) return undefined;
  const kind = addressKind(parsed.host);
  const isTaken = kind === 'usable' || (kind === 'loopback' && takesLoopback);
  return isTaken ? formatPeerAddress(parsed) : undefined;
}

function quote(value: JsonValue): string {
  const text = isJsonObject(value) || Array.isArray(value) ? 'an object' : JSON.stringify(value);
  return text.slice(0, MAX_QUOTED);
}

/**
 * Addresses at which others reach a listener: for a wildcard those of the interfaces, IPv4 first, for one address that one.
 * None for loopback. Link-local IPv6 is left out: a dial needs the dialler's own interface, which nobody else can name.
 * `bound` is empty where nothing listens.
 */
export function reachableAddresses(
  bound: string,
  interfaces: readonly NetworkInterface[],
): readonly string[] {
  const listener = parsePeerAddress(bound);
  if (listener === undefined) return [];
  const { host, port } = listener;
  const hosts = isWildcard(host)
    ? outwardAddresses(interfaces)
        // A listener on 0.0.0.0 hears no IPv6; one on [::] hears both.
        .filter(({ family }) => host === '::' || family === 4)
        .toSorted((a, b) => a.family - b.family || (a.address < b.address ? -1 : 1))
        .map(({ address }) => address)
    : [host];
  const usable = hosts.filter((one) => addressKind(one) === 'usable');
  const addresses = usable.map((one) => formatPeerAddress({ host: one, port }));
  return [...new Set(addresses)].slice(0, MAX_STATED_ADDRESSES);
}

export function isLoopbackAddress(address: string): boolean {
  const parsed = parsePeerAddress(address);
  return parsed !== undefined && addressKind(parsed.host) === 'loopback';
}

function isWildcard(host: string): boolean {
  return host === '0.0.0.0' || host === '::';
}
