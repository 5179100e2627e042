// What the mesh says of the ways by which something goes to other sidecars: why it has not come there, and what somebody could do. Pure.
import { ago, type NodeId } from '../../core/index.ts';
import type { PeerView } from '../../mesh/index.ts';
import type { Holder } from './whereabouts.ts';

/** How the mesh is here. */
export interface MeshNow {
  readonly paused: boolean;
  readonly receiveOnly: boolean;
  readonly peers: readonly PeerView[];
  /** Milliseconds since 1970. */
  readonly nowMs: number;
}

export interface Words {
  readonly waitsFor: readonly string[];
  readonly advice: readonly string[];
}

/** Names in one sentence; the others are counted. */
const MAX_NAMES = 5;

/** Why something that is here has not come to a node that lacks it; `server` undefined where nobody knows which. `name` is of that node. */
export function waysTo(
  server: NodeId | undefined,
  name: string,
  holders: readonly Holder[],
  mesh: MeshNow,
): Words {
  const target = holders.find(({ nodeId }) => nodeId === server);
  const silence = silenceOf(mesh);
  if (silence !== undefined) return silence;
  if (target?.linked === true) {
    return { waitsFor: [`${name} to take it: there is a link to it`], advice: [] };
  }
  const linked = holders.slice(1).filter((one) => one.linked);
  const carriers = linked.filter(({ holding }) => holding === 'held').map(nameOf);
  const waitsFor = [
    ...(server === undefined ? [] : [noLink(server, name, mesh)]),
    ...(carriers.length > 0
      ? [`somebody to carry it on: ${listed(carriers)} ${carriers.length > 1 ? 'have' : 'has'} it`]
      : [noCarrier(linked, mesh)]),
  ];
  return {
    waitsFor,
    advice: linked.length > 0 ? [] : ['`holdfast peers` shows the links of this sidecar.'],
  };
}

function noCarrier(linked: readonly Holder[], { peers }: MeshNow): string {
  if (linked.length > 0) return `${listed(linked.map(nameOf))} to take it`;
  return peers.length === 0
    ? 'a link: this sidecar knows no other one'
    : 'a link: this sidecar is linked with nobody';
}

/** Why this sidecar itself sends nothing; undefined while it does. */
export function silenceOf({ paused, receiveOnly }: MeshNow): Words | undefined {
  if (paused) {
    const waitsFor = ['the end of the pause: the mesh is paused here'];
    return { waitsFor, advice: ['`holdfast peers resume` ends the pause.'] };
  }
  if (!receiveOnly) return undefined;
  const waitsFor = ['the end of receive-only: this sidecar sends nothing'];
  return { waitsFor, advice: ['`holdfast peers receive-only off` has it send again.'] };
}

function noLink(server: NodeId, name: string, { peers, nowMs }: MeshNow): string {
  const peer = peers.find(({ nodeId }) => nodeId === server);
  if (peer === undefined) return `a way to ${name}, which this sidecar does not know as a peer`;
  return `a link to ${name}: ${whyUnlinked(peer, nowMs)}`;
}

/** Why there is no link to a peer, in words. */
export function whyUnlinked(peer: PeerView, nowMs: number): string {
  const seen =
    peer.lastSeenMs === undefined ? '' : `, heard of last ${ago(nowMs - peer.lastSeenMs)}`;
  const why = peer.lastError === '' ? '' : ` (${peer.lastError})`;
  switch (peer.state) {
    case 'paused':
      return `it is kept apart${why}${seen}`;
    case 'connecting':
      return `it is being dialled${why}${seen}`;
    case 'waiting':
      return peer.contacts.length === 0
        ? `it has to dial this sidecar, which knows no address of it${why}${seen}`
        : `it is dialled again and again${why}${seen}`;
    case 'connected':
      return 'there is one';
  }
}

export function nameOf({ name, nodeId }: { readonly name: string; readonly nodeId: NodeId }) {
  return name === '' ? nodeId.slice(0, 8) : name;
}

function listed(names: readonly string[]): string {
  const more = names.length - MAX_NAMES;
  const shown = names.slice(0, MAX_NAMES).join(', ');
  return more > 0 ? `${shown} and ${more} more` : shown;
}
