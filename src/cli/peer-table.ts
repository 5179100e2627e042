// The table of peers, shared by `status` and `peers`.
import type { Peer, PeerState } from '../agent-client/index.ts';
import { formatBytes, formatRoundTrip, formatSpan, NOTHING, orNothing } from './format.ts';
import type { Colour, Column } from './output.ts';

const STATE_COLOURS: Readonly<Record<PeerState, Colour>> = {
  connected: 'green',
  connecting: 'yellow',
  waiting: 'red',
  paused: 'dim',
};

/** `nowMs` is milliseconds since 1970. */
export function peerColumns(nowMs: number): readonly Column<Peer>[] {
  return [
    { heading: 'PEER', value: ({ name }) => orNothing(name) },
    { heading: 'STATE', value: ({ state }) => state, colour: ({ state }) => STATE_COLOURS[state] },
    { heading: 'ADDRESS', value: ({ address }) => (address === '' ? 'dialled us' : address) },
    { heading: 'RTT', value: ({ roundTripMs }) => formatRoundTrip(roundTripMs), align: 'right' },
    {
      heading: 'SEEN',
      value: ({ lastSeen }) =>
        lastSeen === undefined ? NOTHING : `${formatSpan(nowMs - lastSeen.getTime())} ago`,
      align: 'right',
    },
    { heading: 'IN', value: ({ bytesReceived }) => formatBytes(bytesReceived), align: 'right' },
    { heading: 'OUT', value: ({ bytesSent }) => formatBytes(bytesSent), align: 'right' },
    { heading: 'NOTE', value: ({ lastError }) => lastError },
  ];
}
