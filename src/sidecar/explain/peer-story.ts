// The story of a peer: why there is a link to it or none, what each side lacks, what slows it down. Pure.
import type { StoryStep } from '../../core/index.ts';
import type { PeerView } from '../../mesh/index.ts';
import type { KnownPeer } from '../bundle/peer-records.ts';
import { type MeshNow, nameOf, silenceOf, whyUnlinked } from './ways.ts';
import type { Gaps } from './whereabouts.ts';

export interface PeerStory {
  readonly steps: readonly StoryStep[];
  readonly waitsFor: readonly string[];
  readonly advice: readonly string[];
}

export function storyOfPeer(
  peer: PeerView,
  known: KnownPeer | undefined,
  gaps: Gaps,
  mesh: MeshNow,
): PeerStory {
  const isLinked = peer.state === 'connected';
  const lacking = gaps.peerLacks?.commits ?? 0;
  const silence = silenceOf(mesh);
  const waitsFor: string[] = [];
  if (!isLinked) waitsFor.push(`a link: ${whyUnlinked(peer, mesh.nowMs)}`);
  if (isLinked && lacking > 0) waitsFor.push(`${commits(lacking)} to go to it${slowly(peer)}`);
  const missing = gaps.weLack?.commits ?? 0;
  if (isLinked && missing > 0) waitsFor.push(`${commits(missing)} to come from it`);
  const own = isLinked && lacking === 0 ? [] : (silence?.waitsFor ?? []);
  return {
    steps: stepsOf(peer, known),
    waitsFor: [...waitsFor, ...own.filter((one) => !waitsFor.includes(one))],
    advice: [...(own.length > 0 ? (silence?.advice ?? []) : []), ...adviceOn(peer, mesh)],
  };
}

function stepsOf(peer: PeerView, known: KnownPeer | undefined): StoryStep[] {
  const who = nameOf(peer);
  const steps: StoryStep[] = [];
  const add = (atMs: number | undefined, what: string): void => {
    steps.push({ atMs, who, what, confirmed: true });
  };
  if (known?.bundle !== undefined) add(known.bundle.receivedMs, 'came by a bundle');
  if (peer.lastLostMs !== undefined) add(peer.lastLostMs, `lost its link: ${peer.lastLoss}`);
  if (peer.stalls > 0)
    add(undefined, `stalled: ${links(peer.stalls)} closed because nothing moved`);
  if (peer.state !== 'connected' && peer.attempts > 0) {
    add(undefined, `could not be reached ${peer.attempts} times in a row`);
  }
  if (peer.state === 'connected') {
    const over = peer.path === undefined ? '' : ` over ${peer.path}`;
    const by = peer.outbound ? 'dialled by this sidecar' : 'which dialled this sidecar';
    add(peer.lastSeenMs, `is linked${over}, ${by}; its last word`);
  } else if (peer.lastSeenMs !== undefined) add(peer.lastSeenMs, 'was heard of last');
  return steps.sort((a, b) => (a.atMs ?? 0) - (b.atMs ?? 0));
}

function slowly({ budgetBytesPerSecond: budget }: PeerView): string {
  return budget === undefined
    ? ''
    : `, over a link that may carry ${Math.round(budget)} bytes a second`;
}

function adviceOn(peer: PeerView, { paused }: MeshNow): string[] {
  const name = peer.name === '' ? peer.address : peer.name;
  if (peer.state === 'paused' && !paused)
    return [`\`holdfast peers resume ${name}\` ends a pause of it.`];
  if (peer.state === 'waiting' && peer.contacts.length === 0) {
    return ['`holdfast peers add HOST:PORT` has this sidecar dial it.'];
  }
  return [];
}

function commits(count: number): string {
  return count === 1 ? '1 commit' : `${count} commits`;
}

function links(count: number): string {
  return count === 1 ? '1 link was' : `${count} links were`;
}
