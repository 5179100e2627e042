// The map of the fleet as this sidecar sees it: who is linked, who is heard through others, who is cut off, and where each is drawn. Pure.
//
//     this side: self in the middle, linked members around it,     │   cut off: a column
//     members that are heard through others outside of them        │
import { Presence, RowPath } from '../gen/holdfast/v1/common_pb.ts';
import { LinkPath, type Peer, PeerState } from '../gen/holdfast/v1/mesh_pb.ts';
import { shortId } from './format.ts';
import type { AgentRow, Surroundings } from './model.ts';

export type Tie = 'self' | 'direct' | 'relay' | 'heard' | 'cut';

/** One member. */
export interface MapNode {
  readonly id: string;
  readonly name: string;
  readonly tie: Tie;
  readonly isHub: boolean;
  /** The worst presence of its agents; undefined where it has none. */
  readonly presence: Presence | undefined;
  readonly agents: number;
  readonly x: number;
  readonly y: number;
}

/** A line between two members. */
export interface MapLine {
  readonly from: string;
  readonly to: string;
  readonly tie: Exclude<Tie, 'self'>;
}

export interface FleetMap {
  readonly width: number;
  readonly height: number;
  readonly nodes: readonly MapNode[];
  readonly lines: readonly MapLine[];
  /** Where this side ends; undefined while nobody is cut off. */
  readonly borderX: number | undefined;
  /** Members that did not fit. */
  readonly hidden: number;
}

/** Beyond it a picture shows nothing any more; the list beside it has them all. */
const MAX_NODES = 150;
const WIDTH = 640;
const HEIGHT = 340;
const EDGE = 44;
/** Nodes on the inner ring; the outer one takes twice as many. */
const RING = 12;

interface Placed {
  readonly id: string;
  readonly name: string;
  readonly tie: Tie;
  readonly isHub: boolean;
  /** Through whom it is heard. */
  readonly through: string;
}

/** `agents` by name. */
export function drawFleet(
  { status, peers, members }: Pick<Surroundings, 'status' | 'peers' | 'members'>,
  agents: Iterable<AgentRow>,
): FleetMap {
  const agentsByNode = Map.groupBy(agents, ({ origin }) => origin);
  const peerById = new Map(peers.map((peer) => [peer.nodeId, peer]));
  const known = members.map((member): Placed => {
    const peer = peerById.get(member.nodeId);
    const rows = agentsByNode.get(member.nodeId) ?? [];
    const tie = tieOf(member.linked, peer, rows, status.links);
    const through = rows.find(({ path }) => path === RowPath.RELAYED)?.relayedBy ?? '';
    const name = member.name || peer?.name || nameByAgents(rows) || shortId(member.nodeId);
    return { id: member.nodeId, name, tie, isHub: member.hub, through };
  });
  const self: Placed = {
    ...{ id: status.nodeId, name: status.name, tie: 'self', isHub: status.hub, through: '' },
  };
  const order = known.toSorted((a, b) => rankOf(a) - rankOf(b) || (a.name < b.name ? -1 : 1));
  const shown = order.slice(0, MAX_NODES);
  const places = placeAll(self, shown);
  const nodes = [self, ...shown].map(({ id, name, tie, isHub }): MapNode => {
    const rows = agentsByNode.get(id) ?? [];
    const at = places.get(id) ?? { x: 0, y: 0 };
    return { id, name, tie, isHub, ...at, presence: worstOf(rows), agents: rows.length };
  });
  const lines = shown.flatMap((node) => linesOf(node, self.id, places, peerById));
  const hasCut = shown.some(({ tie }) => tie === 'cut');
  return {
    width: WIDTH,
    height: HEIGHT,
    nodes,
    lines,
    borderX: hasCut ? borderOf(shown) : undefined,
    hidden: order.length - shown.length,
  };
}

/** A member without agents writes so seldom that its silence says nothing: without a link it counts as heard while others are. */
function tieOf(
  isLinked: boolean,
  peer: Peer | undefined,
  rows: readonly AgentRow[],
  links: number,
): Tie {
  if (isLinked || peer?.state === PeerState.CONNECTED)
    return peer?.path === LinkPath.RELAY ? 'relay' : 'direct';
  if (links === 0) return 'cut';
  if (rows.length === 0) return peer !== undefined && peer.attempts > 0 ? 'cut' : 'heard';
  const isHeard = rows.some(({ presence }) => presence === Presence.ALIVE);
  return isHeard ? 'heard' : 'cut';
}

/** A member that never was linked here has no name here, but often one agent by which people know it. */
function nameByAgents(rows: readonly AgentRow[]): string {
  const [first, second] = rows;
  return first === undefined || second !== undefined ? '' : `beside ${first.agent}`;
}

const RANK: Readonly<Record<Tie, number>> = { self: 0, direct: 1, relay: 1, heard: 2, cut: 3 };

function rankOf({ tie, isHub }: Placed): number {
  return RANK[tie] - (isHub ? 0.5 : 0);
}

function worstOf(rows: readonly AgentRow[]): Presence | undefined {
  const worst = [Presence.UNREACHABLE, Presence.SUSPECT, Presence.ALIVE, Presence.LEFT];
  return worst.find((presence) => rows.some((row) => row.presence === presence));
}

function linesOf(
  { id, tie, through }: Placed,
  self: string,
  places: ReadonlyMap<string, Point>,
  peers: ReadonlyMap<string, Peer>,
): MapLine[] {
  switch (tie) {
    case 'direct':
    case 'relay':
      return [{ from: self, to: id, tie }];
    case 'heard':
      return [{ from: places.has(through) ? through : self, to: id, tie }];
    case 'cut':
      return peers.has(id) ? [{ from: self, to: id, tie }] : [];
    case 'self':
      return [];
  }
}

interface Point {
  readonly x: number;
  readonly y: number;
}

function borderOf(shown: readonly Placed[]): number {
  const cut = shown.filter(({ tie }) => tie === 'cut').length;
  return cut === shown.length ? WIDTH * 0.4 : WIDTH * 0.62;
}

function placeAll(self: Placed, shown: readonly Placed[]): Map<string, Point> {
  const cut = shown.filter(({ tie }) => tie === 'cut');
  const near = shown.filter(({ tie }) => tie === 'direct' || tie === 'relay');
  const far = shown.filter(({ tie }) => tie === 'heard');
  const right = cut.length > 0 ? borderOf(shown) : WIDTH;
  // With everybody on one side of it, self stands at the other.
  const share = near.length !== 1 || far.length > 4 ? 0.5 : cut.length > 0 ? 0.8 : 0.2;
  const middle = { x: Math.round(right * share), y: HEIGHT / 2 };
  const places = new Map<string, Point>([[self.id, middle]]);
  const size = { x: Math.max(middle.x, right - middle.x) - EDGE, y: HEIGHT / 2 - EDGE };
  const inner = far.length > 0 || near.length > RING ? 0.55 : 0.85;
  const angles = new Map<string, number>();
  const around = (nodes: readonly Placed[], share: number, start: number): void => {
    for (const [i, { id }] of nodes.entries()) {
      const angle = start + (2 * Math.PI * i) / nodes.length;
      angles.set(id, angle);
      places.set(id, pointAt(middle, size, share, angle));
    }
  };
  const first = near.slice(0, RING);
  around(first, inner, startOf(first.length, cut.length > 0));
  around(near.slice(RING), 0.8, -Math.PI / 2 + 0.1);
  const within = ({ x, y }: Point) => ({ x: Math.min(right - EDGE, Math.max(EDGE, x)), y });
  placeHeard(far, angles, (angle) => within(pointAt(middle, size, 1, angle)), places);
  placeCut(cut, right, places);
  return places;
}

/** One or two are drawn side by side, not one above the other, because names need width; and away from those cut off. */
function startOf(count: number, hasCut: boolean): number {
  if (count > 2) return -Math.PI / 2;
  return hasCut || count === 2 ? Math.PI : 0;
}

function pointAt(middle: Point, size: Point, share: number, angle: number): Point {
  return {
    x: Math.round(middle.x + size.x * share * Math.cos(angle)),
    y: Math.round(middle.y + size.y * share * Math.sin(angle)),
  };
}

/** Outside of whoever they are heard through, side by side. */
function placeHeard(
  far: readonly Placed[],
  angles: ReadonlyMap<string, number>,
  at: (angle: number) => Point,
  places: Map<string, Point>,
): void {
  const known = far.filter(({ through }) => angles.has(through)).length;
  if (known < far.length || far.length > RING) {
    for (const [i, { id }] of far.entries())
      places.set(id, at(Math.PI / 2 + (2 * Math.PI * (i + 0.5)) / far.length));
    return;
  }
  for (const [through, nodes] of Map.groupBy(far, (node) => node.through)) {
    const middle = angles.get(through) ?? 0;
    const step = Math.min(0.6, (1.5 * Math.PI) / far.length);
    for (const [i, { id }] of nodes.entries())
      places.set(id, at(middle + (i - (nodes.length - 1) / 2) * step));
  }
}

function placeCut(cut: readonly Placed[], left: number, places: Map<string, Point>): void {
  const columns = Math.max(1, Math.ceil(cut.length / 5));
  const rows = Math.ceil(cut.length / columns);
  for (const [i, { id }] of cut.entries()) {
    const column = Math.floor(i / rows);
    const inColumn = Math.min(rows, cut.length - column * rows);
    places.set(id, {
      x: Math.round(left + ((WIDTH - left) * (column + 0.5)) / columns),
      y: Math.round((HEIGHT * ((i % rows) + 0.5)) / inColumn),
    });
  }
}
