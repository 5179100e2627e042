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

/** `nowMs` is milliseconds since 1970. What no peer has, and a class that all have, gets no column. */
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
  return [
    { heading: 'PEER', value: ({ name }) => orNothing(name) },
    { heading: 'STATE', value: ({ state }) => state, colour: ({ state }) => STATE_COLOURS[state] },
    { heading: 'ADDRESS', value: ({ address }) => (address === '' ? 'dialled us' : address) },
    { heading: 'PATH', value: ({ path }) => orNothing(path ?? '') },
    ...(new Set(peers.map(({ linkClass }) => linkClass)).size > 1 ? [classes] : []),
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
    { heading: 'NOTE', value: ({ lastError }) => lastError },
  ];
}

function rateOf(peer: Peer, direction: 'receivedBytesPerSecond' | 'sentBytesPerSecond'): string {
  return formatRate(peer.state === 'connected' ? peer[direction] : undefined);
}
