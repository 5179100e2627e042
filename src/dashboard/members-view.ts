// The members of the fleet as a list: how each is linked, when it was heard, and what each side is missing of the other.
import { durationMs, timestampMs } from '@bufbuild/protobuf/wkt';
import type { MemberReach } from '../gen/holdfast/v1/common_pb.ts';
import { type Peer, PeerState } from '../gen/holdfast/v1/mesh_pb.ts';
import { type Child, el } from './dom.ts';
import type { FleetMap, MapNode } from './fleet-map.ts';
import { countText, NOTHING, shortId } from './format.ts';
import type { Gaps, Surroundings } from './model.ts';
import { age, badge, type Column, table } from './parts.ts';
import { linkPathWord, peerStateWord } from './words.ts';

interface Row {
  readonly member: MemberReach;
  readonly node: MapNode | undefined;
  readonly peer: Peer | undefined;
  readonly gaps: Gaps | undefined;
  readonly bornMs: number | undefined;
}

/** Those of whom most is missing come first; a longer list helps nobody on one page. */
const MAX_ROWS = 100;

export function membersView(
  { members, peers, gaps, atMs, wallMs }: Surroundings,
  { nodes }: FleetMap,
  nowMs: number,
): HTMLElement {
  const nodeById = new Map(nodes.map((node) => [node.id, node]));
  const peerById = new Map(peers.map((peer) => [peer.nodeId, peer]));
  const rows = members.slice(0, MAX_ROWS).map((member): readonly [string, Row] => {
    const { nodeId, heardAt } = member;
    const bornMs = heardAt && atMs - Math.max(0, wallMs - timestampMs(heardAt));
    const [node, peer] = [nodeById.get(nodeId), peerById.get(nodeId)];
    return [nodeId, { member, node, peer, gaps: gaps.get(nodeId), bornMs }];
  });
  if (rows.length === 0) return el('p', { class: 'empty' }, 'No other members are known here.');
  const left = members.length - rows.length;
  return el(
    'div',
    { class: 'table-scroll' },
    table('Members of the fleet, and what each side is missing', columnsAt(nowMs), rows),
    left > 0 && el('p', {}, `${countText(left, 'more member')}; \`holdfast members\` shows all.`),
  );
}

function columnsAt(nowMs: number): readonly Column<Row>[] {
  return [
    { title: 'Member', cell: ({ member, node }) => nameOf(member, node) },
    { title: 'Link', cell: linkOf },
    {
      title: 'Newest from it',
      isWide: true,
      cell: ({ bornMs }) => (bornMs === undefined ? 'never' : [age(bornMs, nowMs), ' ago']),
    },
    {
      title: 'Missing here',
      cell: ({ member, gaps }) => missing(gaps?.weLack?.commits ?? member.missingCommits, true),
    },
    { title: 'Missing there', cell: ({ gaps }) => missing(gaps?.theyLack?.commits, false) },
  ];
}

function nameOf({ name, nodeId, hub }: MemberReach, node: MapNode | undefined): Child {
  return [name || node?.name || shortId(nodeId), hub && el('span', { class: 'tag' }, 'hub')];
}

function linkOf({ node, peer }: Row): Child {
  switch (node?.tie) {
    case 'direct':
    case 'relay':
      return [badge('good', linkPathWord(peer?.path ?? 0) || 'linked'), roundTrip(peer)];
    case 'heard':
      return badge('quiet', 'through others');
    case 'cut':
      return [badge('bad', 'cut'), el('span', { class: 'why' }, whyCut(peer))];
    default:
      return badge('quiet', 'not drawn');
  }
}

function roundTrip(peer: Peer | undefined): Child {
  const trip = peer?.roundTrip;
  return trip && el('span', { class: 'why' }, ` ${durationMs(trip).toFixed(1)} ms`);
}

function whyCut(peer: Peer | undefined): string {
  if (peer === undefined) return '';
  const why = peer.lastError || peer.lastLoss;
  const state = peer.state === PeerState.CONNECTED ? '' : peerStateWord(peer.state);
  return ` ${[state, why].filter((part) => part !== '').join(': ')}`;
}

function missing(commits: bigint | undefined, isHere: boolean): Child {
  if (commits === undefined) return el('span', { title: 'nothing is known' }, NOTHING);
  if (commits === 0n) return 'nothing';
  return badge(isHere ? 'bad' : 'warn', countText(Number(commits), 'commit'));
}
