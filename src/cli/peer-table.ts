// The table of peers, shared by `status` and `peers`.
import type { Peer, PeerState } from '../agent-client/index.ts';
import {
  formatBytes,
  formatRate,
  formatRoundTrip,
  formatSpan,
  NOTHING,
  orNothing,
} from './format.ts';
import type { Colour, Column } from './output.ts';

const STATE_COLOURS: Readonly<Record<PeerState, Colour>> = {
  connected: 'green',
  connecting: 'yellow',
  waiting: 'red',
  paused: 'dim',
};

/** A link that was lost longer ago is no longer mentioned. */
const LOSS_SHOWN_MS = 10 * 60_000;

/** `nowMs` is milliseconds since 1970. What no peer has, and a class or a source that all have, gets no column. */
export function peerColumns(nowMs: number, peers: readonly Peer[]): readonly Column<Peer>[] {
  const budgets: Column<Peer> = {
    heading: 'BUDGET',
    value: ({ budgetBytesPerSecond }) => formatRate(budgetBytesPerSecond),
    align: 'right',
  };
  const stalls: Column<Peer> = {
    heading: 'STALLS',
    value: (peer) => String(peer.stalls),
    align: 'right',
  };
  const classes: Column<Peer> = {
    heading: 'CLASS',
    value: ({ linkClass }) => orNothing(linkClass),
  };
  const sources: Column<Peer> = {
    heading: 'FOUND BY',
    value: (peer) => orNothing(sourcesOf(peer)),
  };
  return [
    { heading: 'PEER', value: ({ name }) => orNothing(name) },
    { heading: 'STATE', value: ({ state }) => state, colour: ({ state }) => STATE_COLOURS[state] },
    { heading: 'ADDRESS', value: ({ address }) => shortAddress(address) },
    ...(differ(peers, sourcesOf) ? [sources] : []),
    { heading: 'PATH', value: ({ path }) => orNothing(path ?? '') },
    ...(differ(peers, ({ linkClass }) => linkClass) ? [classes] : []),
    { heading: 'RTT', value: ({ roundTripMs }) => formatRoundTrip(roundTripMs), align: 'right' },
    {
      heading: 'SEEN',
      value: ({ lastSeen }) =>
        lastSeen === undefined ? NOTHING : `${formatSpan(nowMs - lastSeen.getTime())} ago`,
      align: 'right',
    },
    { heading: 'IN', value: ({ bytesReceived }) => formatBytes(bytesReceived), align: 'right' },
    { heading: 'IN/S', value: (peer) => rateOf(peer, 'receivedBytesPerSecond'), align: 'right' },
    { heading: 'OUT', value: ({ bytesSent }) => formatBytes(bytesSent), align: 'right' },
    { heading: 'OUT/S', value: (peer) => rateOf(peer, 'sentBytesPerSecond'), align: 'right' },
    ...(peers.some(({ budgetBytesPerSecond }) => budgetBytesPerSecond !== undefined)
      ? [budgets]
      : []),
    ...(peers.some((peer) => peer.stalls > 0) ? [stalls] : []),
    { heading: 'NOTE', value: (peer) => noteOf(peer, nowMs) },
  ];
}

/** A key of the DHT is 64 digits long; the JSON has all of them. */
function shortAddress(address: string): string {
  if (address === '') return 'dialled us';
  return address.replace(/^(dht:[0-9a-f]{12})[0-9a-f]{52}$/, '$1…');
}

function differ(peers: readonly Peer[], of: (peer: Peer) => string): boolean {
  return new Set(peers.map(of)).size > 1;
}

/** Who named its addresses. */
function sourcesOf({ contacts }: Peer): string {
  return [...new Set(contacts.flatMap(({ sources }) => sources))].join(', ');
}

/** Why there is no link, or why there was none a while ago. */
function noteOf({ lastError, lastLoss, lastLost }: Peer, nowMs: number): string {
  if (lastError !== '' || lastLost === undefined) return lastError;
  const ageMs = nowMs - lastLost.getTime();
  return ageMs > LOSS_SHOWN_MS ? '' : `lost ${formatSpan(ageMs)} ago: ${lastLoss}`;
}

function rateOf(peer: Peer, direction: 'receivedBytesPerSecond' | 'sentBytesPerSecond'): string {
  return formatRate(peer.state === 'connected' ? peer[direction] : undefined);
}
