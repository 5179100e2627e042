// Addresses of peers as people write them: host:port, with IPv6 in brackets.
import { isIPv4, isIPv6 } from 'node:net';

export interface PeerAddress {
  /** A name, an IPv4 address or an IPv6 address without brackets, in lower case. */
  readonly host: string;
  readonly port: number;
}

/** RFC 1035. */
const MAX_NAME_LENGTH = 253;
/** The name, or the IPv6 address in brackets, then the port. */
const ADDRESS = /^(?:\[([^[\]]+)\]|([^:[\]]+)):([0-9]{1,5})$/;
/** Underscores are not in the standard but in use, for example by Docker Compose. */
const LABEL = /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/;
const MAX_PORT = 65_535;

/** The parts of an address, or undefined when it is not one. The port is never optional and never 0: it must be dialled. */
export function parsePeerAddress(text: string): PeerAddress | undefined {
  const [, inBrackets, name, digits] = ADDRESS.exec(text.trim().toLowerCase()) ?? [];
  const port = Number(digits);
  if (digits === undefined || port < 1 || port > MAX_PORT) return undefined;
  if (inBrackets !== undefined) return isIPv6(inBrackets) ? { host: inBrackets, port } : undefined;
  return name !== undefined && isHost(name) ? { host: name, port } : undefined;
}

/** Whether the host is a name, which may stand for several addresses. */
export function isNamedHost({ host }: PeerAddress): boolean {
  return !isIPv4(host) && !isIPv6(host);
}

export function formatPeerAddress({ host, port }: PeerAddress): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

function isHost(name: string): boolean {
  if (isIPv4(name)) return true;
  const labels = name.split('.');
  // A last label of digits makes it a mistyped IPv4 address, never a name.
  if (/^[0-9]+$/.test(labels.at(-1) as string)) return false;
  return name.length <= MAX_NAME_LENGTH && labels.every((label) => LABEL.test(label));
}
