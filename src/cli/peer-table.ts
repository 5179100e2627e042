// The table of `peers`, and what of it `status` shows too.
import type { Peer, PeerState } from '../agent-client/index.ts';
import {
  formatBytes,
  formatRate,
  formatRoundTrip,
  formatSpan,
  NOTHING,
  orNothing,
  shortId,
} from './format.ts';
import type { Colour, Column } from './output.ts';

/** Of the state of a link. */
export const LINK_COLOURS: Readonly<Record<PeerState, Colour>> = {
  connected: 'green',
  connecting: 'yellow',
  waiting: 'red',
  paused: 'dim',
};

/** A link that was lost longer ago is no longer mentioned. */
const LOSS_SHOWN_MS = 10 * 60_000;

/** `nowMs` is milliseconds since 1970. What no peer has, and a class or a source that all have, gets a column with `-o wide` alone. */
export function peerColumns(nowMs: number, peers: readonly Peer[]): readonly Column<Peer>[] {
  return [
    { heading: 'PEER', value: ({ name }) => orNothing(name) },
    { heading: 'STATE', value: ({ state }) => state, colour: ({ state }) => LINK_COLOURS[state] },
    { heading: 'ADDRESS', value: ({ address }) => shortAddress(address) },
    {
      heading: 'FOUND BY',
      value: (peer) => orNothing(sourcesOf(peer)),
      ...wideUnless(differ(peers, sourcesOf)),
    },
    { heading: 'PATH', value: ({ path }) => orNothing(path ?? '') },
    {
      heading: 'CLASS',
      value: ({ linkClass }) => orNothing(linkClass),
      ...wideUnless(differ(peers, ({ linkClass }) => linkClass)),
    },
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
    {
      heading: 'BUDGET',
      value: ({ budgetBytesPerSecond }) => formatRate(budgetBytesPerSecond),
      align: 'right',
      ...wideUnless(peers.some(({ budgetBytesPerSecond: budget }) => budget !== undefined)),
    },
    {
      heading: 'STALLS',
      value: ({ stalls }) => String(stalls),
      align: 'right',
      ...wideUnless(peers.some(({ stalls }) => stalls > 0)),
    },
    { heading: 'NODE', value: ({ nodeId }) => shortId(nodeId), wide: true },
    { heading: 'DIALLED BY', value: ({ outbound }) => (outbound ? 'us' : 'it'), wide: true },
    { heading: 'NOTE', value: (peer) => noteOf(peer, nowMs) },
  ];
}

function wideUnless(isTelling: boolean): { readonly wide?: true } {
  return isTelling ? {} : { wide: true };
}

/** A key of the DHT is 64 digits long; the JSON has all of them. */
export function shortAddress(address: string): string {
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
export function noteOf({ lastError, lastLoss, lastLost }: Peer, nowMs: number): string {
  if (lastError !== '' || lastLost === undefined) return lastError;
  const ageMs = nowMs - lastLost.getTime();
  return ageMs > LOSS_SHOWN_MS ? '' : `lost ${formatSpan(ageMs)} ago: ${lastLoss}`;
}

function rateOf(peer: Peer, direction: 'receivedBytesPerSecond' | 'sentBytesPerSecond'): string {
  return formatRate(peer.state === 'connected' ? peer[direction] : undefined);
}

/** What goes over the links of rows that may have one; with `-o wide` alone. */
export function peerTraffic<Row>(of: (row: Row) => Peer | undefined): readonly Column<Row>[] {
  const show = (value: (peer: Peer) => string) => (row: Row) => {
    const peer = of(row);
    return peer === undefined ? NOTHING : value(peer);
  };
  return [
    { heading: 'FOUND BY', value: show((peer) => orNothing(sourcesOf(peer))), wide: true },
    { heading: 'CLASS', value: show(({ linkClass }) => orNothing(linkClass)), wide: true },
    ...(
      [
        ['IN', ({ bytesReceived }) => formatBytes(bytesReceived)],
        ['IN/S', (peer) => rateOf(peer, 'receivedBytesPerSecond')],
        ['OUT', ({ bytesSent }) => formatBytes(bytesSent)],
        ['OUT/S', (peer) => rateOf(peer, 'sentBytesPerSecond')],
        ['BUDGET', ({ budgetBytesPerSecond }) => formatRate(budgetBytesPerSecond)],
        ['STALLS', ({ stalls }) => String(stalls)],
      ] as const satisfies [string, (peer: Peer) => string][]
    ).map(
      ([heading, value]): Column<Row> => ({
        heading,
        value: show(value),
        align: 'right',
        wide: true,
      }),
    ),
  ];
}
