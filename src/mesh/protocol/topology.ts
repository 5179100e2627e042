// To whom a member of a large site keeps a link, decided by each for itself from the members it knows of: nobody is asked.
import type { NodeId } from '../../core/index.ts';

/** Up to so many others everybody is linked to everybody: then what anybody writes needs no relay. */
const FULL_MESH_OTHERS = 8;
/**
 * Beyond it members stand in so many rings, each in an order of its own, and each takes its two neighbours in every ring. Any one
 * ring connects everybody; three of them make paths short, and leave more than one way round whoever has just gone.
 */
const RINGS = 3;
const FNV_BASIS = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/**
 * The candidates that `self` wants links to: all where they are few, else at most two a ring. Who knows of the same members
 * decides alike, so both ends want a link, or neither does. `self` among the candidates counts for nothing.
 */
export function wantedNeighbours(self: NodeId, candidates: readonly NodeId[]): ReadonlySet<NodeId> {
  const others = new Set(candidates);
  others.delete(self);
  if (others.size <= FULL_MESH_OTHERS) return others;
  const wanted = new Set<NodeId>();
  for (let ring = 0; ring < RINGS; ring++) {
    for (const neighbour of neighboursInRing(ring, self, others)) wanted.add(neighbour);
  }
  return wanted;
}

interface Place {
  readonly nodeId: NodeId;
  readonly at: number;
}

function neighboursInRing(ring: number, self: NodeId, others: ReadonlySet<NodeId>): NodeId[] {
  const own = { nodeId: self, at: placeOf(ring, self) };
  // Of the ring's ends, for who is the first or the last of it.
  let [first, last]: [Place | undefined, Place | undefined] = [undefined, undefined];
  let [before, after]: [Place | undefined, Place | undefined] = [undefined, undefined];
  for (const nodeId of others) {
    const place = { nodeId, at: placeOf(ring, nodeId) };
    if (first === undefined || precedes(place, first)) first = place;
    if (last === undefined || precedes(last, place)) last = place;
    if (precedes(place, own)) {
      if (before === undefined || precedes(before, place)) before = place;
    } else if (after === undefined || precedes(place, after)) after = place;
  }
  return [before ?? last, after ?? first].flatMap((place) => place?.nodeId ?? []);
}

function precedes(a: Place, b: Place): boolean {
  return a.at < b.at || (a.at === b.at && a.nodeId < b.nodeId);
}

/**
 * Where a member stands in a ring, 32 bits: FNV-1a over the ring's number and the digits of the id, and MurmurHash3's last step,
 * without which the high bits would depend too little on the last digits. No more is needed: members of one fleet do not attack
 * its shape, and ids are keys that look random already. All implementations must agree on it, or links are wanted by one end only.
 */
function placeOf(ring: number, nodeId: NodeId): number {
  let mixed = Math.imul(FNV_BASIS ^ ring, FNV_PRIME);
  for (let i = 0; i < nodeId.length; i++) {
    mixed = Math.imul(mixed ^ nodeId.charCodeAt(i), FNV_PRIME);
  }
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}
