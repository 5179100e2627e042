// Errors of dials over the DHT in words for people.

const REASON_BY_CODE: Readonly<Record<string, (address: string) => string>> = {
  PEER_NOT_FOUND: (address) =>
    `nobody announces ${address}: that sidecar is down, or the nodes of the DHT that are in reach do not know it`,
  PEER_CONNECTION_FAILED: (address) =>
    `${address} is announced but does not answer: that sidecar is down, or it does not take this one for a member of its fleet`,
  HANDSHAKE_INVALID: (address) => `${address} answered with something else than a handshake`,
  SERVER_INCOMPATIBLE: (address) => `${address} speaks another version of the DHT`,
};

/** Those that say that both ends are there and the network between lets no connection through. */
const NO_WAY_CODES: ReadonlySet<string> = new Set([
  'CANNOT_HOLEPUNCH',
  'HOLEPUNCH_ABORTED',
  'HOLEPUNCH_INVALID',
  'HOLEPUNCH_PROBE_TIMEOUT',
  'HOLEPUNCH_DOUBLE_RANDOMIZED_NATS',
  'REMOTE_ABORTED',
  'REMOTE_NOT_HOLEPUNCHABLE',
  'REMOTE_NOT_HOLEPUNCHING',
]);

/** Why a link could not be made. */
export function dhtDialFailure(address: string, error: Error): Error {
  return new Error(dialReason(address, error), { cause: error });
}

function dialReason(address: string, error: Error): string {
  const code = 'code' in error ? String(error.code) : '';
  if (NO_WAY_CODES.has(code)) {
    return `no way to ${address}: routers between let no connection through (${code})`;
  }
  return REASON_BY_CODE[code]?.(address) ?? `cannot connect to ${address}: ${error.message}`;
}
