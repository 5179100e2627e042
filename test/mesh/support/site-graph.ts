// Sites as graphs: who wants whom, and what is said of graphs.
import { type NodeId, toHex } from '../../../src/core/index.ts';
import { wantedNeighbours } from '../../../src/mesh/protocol/topology.ts';
import { createSeededRandom } from '../../../src/testing/index.ts';

/** Neighbours by member; the same both ways. */
export type SiteGraph = ReadonlyMap<NodeId, ReadonlySet<NodeId>>;

/** Ids as keys have them: uniformly random, different for each seed. */
export function membersOf(count: number, seed: string): NodeId[] {
  const random = createSeededRandom(seed);
  return Array.from({ length: count }, () => toHex(random.bytes(32)));
}

/** A link exists when either end wants it. `sees` says which others a member knows of; all where it is left out. */
export function siteOf(
  members: readonly NodeId[],
  sees: (member: NodeId) => readonly NodeId[] = () => members,
): SiteGraph {
  const graph = new Map(members.map((member) => [member, new Set<NodeId>()]));
  for (const member of members) {
    for (const other of wantedNeighbours(member, sees(member))) {
      graph.get(member)?.add(other);
      graph.get(other)?.add(member);
    }
  }
  return graph;
}

export function linksOf(graph: SiteGraph): Set<string> {
  const links = new Set<string>();
  for (const [member, neighbours] of graph) {
    for (const other of neighbours) if (member < other) links.add(`${member} ${other}`);
  }
  return links;
}

export function degrees(graph: SiteGraph): number[] {
  return [...graph.values()].map(({ size }) => size);
}

/** Hops from a member to each that it reaches, itself included. */
export function hopsFrom(graph: SiteGraph, from: NodeId): Map<NodeId, number> {
  const hops = new Map([[from, 0]]);
  // A map that grows while it is walked through is walked through to its end.
  for (const [member, far] of hops) {
    for (const other of graph.get(member) ?? []) if (!hops.has(other)) hops.set(other, far + 1);
  }
  return hops;
}

export function isConnected(graph: SiteGraph): boolean {
  const [first] = graph.keys();
  return first === undefined || hopsFrom(graph, first).size === graph.size;
}

/** Most hops between any two; Infinity where some do not reach each other. */
export function diameter(graph: SiteGraph): number {
  if (!isConnected(graph)) return Infinity;
  return Math.max(...[...graph.keys()].map((from) => Math.max(...hopsFrom(graph, from).values())));
}
