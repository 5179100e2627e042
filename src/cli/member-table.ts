// The table of the other members in `status`.
import { formatRoundTrip, formatSpan, NOTHING, orNothing, shortId } from './format.ts';
import type { MemberRow } from './member-rows.ts';
import type { Column } from './output.ts';
import { LINK_COLOURS, noteOf, peerTraffic, shortAddress } from './peer-table.ts';

/** `nowMs` is milliseconds since 1970. */
export function memberColumns(nowMs: number): readonly Column<MemberRow>[] {
  const ago = (date: Date | undefined): string =>
    date === undefined ? NOTHING : `${formatSpan(nowMs - date.getTime())} ago`;
  return [
    { heading: 'NAME', value: nameOf },
    { heading: 'ROLE', value: ({ roles }) => orNothing(roles.join(',')) },
    {
      heading: 'LINK',
      value: ({ link }) => link,
      colour: ({ link }) => (link === 'none' ? undefined : LINK_COLOURS[link]),
    },
    { heading: 'PATH', value: pathOf },
    { heading: 'RTT', value: ({ roundTripMs }) => formatRoundTrip(roundTripMs), align: 'right' },
    {
      heading: 'BEHIND',
      value: ({ behind }) => (behind === undefined ? NOTHING : String(behind)),
      align: 'right',
      colour: ({ behind = 0 }) => (behind > 0 ? 'yellow' : undefined),
    },
    { heading: 'WRITTEN', value: ({ heardAt }) => ago(heardAt), align: 'right' },
    { heading: 'SEEN', value: ({ lastSeen }) => ago(lastSeen), align: 'right' },
    { heading: 'NODE', value: ({ nodeId }) => shortId(nodeId), wide: true },
    { heading: 'ADDRESS', value: (row) => addressOf(row), wide: true },
    ...peerTraffic<MemberRow>(({ peer }) => peer),
    { heading: 'NOTE', value: ({ peer }) => (peer === undefined ? '' : noteOf(peer, nowMs)) },
  ];
}

/** An address at which nobody was met yet has no name. */
function nameOf({ name, nodeId, address }: MemberRow): string {
  return name || (nodeId === '' ? shortAddress(address) : shortId(nodeId));
}

function pathOf({ path, over }: MemberRow): string {
  if (path === 'relayed') return `via ${over}`;
  return over === '' ? path : `${path} (${over})`;
}

function addressOf({ peer, address }: MemberRow): string {
  return peer === undefined ? NOTHING : shortAddress(address);
}
