// How far what a sidecar knows of the other members reaches, put together: what it holds, what linked peers say, who is a hub.
import type { NodeId, Reach } from '../core/index.ts';
import type { PeerView } from '../mesh/index.ts';
import type { MemberReachRow, ReachRow } from './api/index.ts';

/** What is told of the member that was asked. */
export interface ReachScene {
  readonly self: NodeId;
  readonly held: Reach;
  /** How many commits of each author some linked peer has that are not held here. */
  readonly lags: ReadonlyMap<NodeId, number>;
  readonly peers: readonly Pick<PeerView, 'nodeId' | 'state' | 'lastSeenMs'>[];
  /** Who is a member, and who a hub; undefined in an open fleet. */
  readonly members: ReadonlyMap<NodeId, { readonly isHub: boolean }> | undefined;
  /** When each was last linked, or its bundle came, before this start as well. Milliseconds since 1970. */
  readonly contacts: ReadonlyMap<NodeId, number>;
  nameOf(nodeId: NodeId): string;
}

/** `rows`: those of whom most is missing first, then those who were not heard for longest. */
export function reachOf(scene: ReachScene): ReachRow {
  const linked = new Map(
    scene.peers.filter(({ state }) => state === 'connected').map((peer) => [peer.nodeId, peer]),
  );
  const known = scene.members?.keys() ?? [...scene.held.members().keys(), ...linked.keys()];
  const rows = [...new Set(known)]
    .filter((nodeId) => nodeId !== scene.self && nodeId !== '')
    .map((nodeId) => rowOf(scene, nodeId, linked.has(nodeId)))
    .sort(
      (a, b) =>
        b.missingCommits - a.missingCommits ||
        (a.heardMs ?? 0) - (b.heardMs ?? 0) ||
        (a.nodeId < b.nodeId ? -1 : 1),
    );
  const behind = rows.filter(({ missingCommits }) => missingCommits > 0);
  const heard = rows.map(({ heardMs }) => heardMs);
  return {
    isCutOff: linked.size === 0,
    isHub: scene.members?.get(scene.self)?.isHub === true,
    membersBehind: behind.length,
    missingCommits: behind.reduce((sum, { missingCommits }) => sum + missingCommits, 0),
    completeUntilMs: leastOf(heard),
    lastHubContactMs: lastContact(
      scene,
      rows.filter(({ isHub }) => isHub),
    ),
    lastContactMs: lastContact(scene, rows),
    rows,
  };
}

function rowOf(scene: ReachScene, nodeId: NodeId, isLinked: boolean): MemberReachRow {
  const heard = scene.held.members().get(nodeId);
  return {
    nodeId,
    name: scene.nameOf(nodeId),
    heardMs: heard && Math.min(heard.writtenMs, heard.receivedMs),
    missingCommits: scene.lags.get(nodeId) ?? 0,
    isLinked,
    isHub: scene.members?.get(nodeId)?.isHub === true,
  };
}

/** Undefined where there is none, or one of them is not known. */
function leastOf(times: readonly (number | undefined)[]): number | undefined {
  let leastMs: number | undefined;
  for (const ms of times) {
    if (ms === undefined) return undefined;
    leastMs = Math.min(leastMs ?? ms, ms);
  }
  return leastMs;
}

/** With one of these. */
function lastContact(
  { peers, contacts }: ReachScene,
  rows: readonly MemberReachRow[],
): number | undefined {
  const asked = new Set(rows.map(({ nodeId }) => nodeId));
  const seen = [
    ...peers.map(({ nodeId, lastSeenMs }) => [nodeId, lastSeenMs] as const),
    ...contacts,
  ];
  const times = seen.flatMap(([nodeId, ms]) => (asked.has(nodeId) && ms !== undefined ? ms : []));
  return times.length === 0 ? undefined : Math.max(...times);
}
