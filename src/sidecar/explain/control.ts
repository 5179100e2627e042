// Stories for the API: what the core tells of a command or a document, joined with who holds it and which links there are.
import {
  type Clock,
  type Crypto,
  formatNodeId,
  HoldfastError,
  hlcMs,
  type NodeId,
  type ResponseOf,
  type StoryStep,
} from '../../core/index.ts';
import type { ExplainControl, ExplanationRow } from '../api/index.ts';
import { findPeer } from '../links/pauses.ts';
import type { MemberSupervisor } from '../member/index.ts';
import type { DocumentWrite } from '../store/document-writes.ts';
import { storyOfPeer } from './peer-story.ts';
import { type MeshNow, waysTo } from './ways.ts';
import type { Holder, Whereabouts } from './whereabouts.ts';

export interface ExplainParts {
  readonly clock: Clock;
  readonly crypto: Crypto;
  /** Name by which a node is certified, or told on a link; empty where there is none. */
  nameOf(nodeId: NodeId): string;
}

export function createExplainControl(
  supervisor: MemberSupervisor,
  parts: ExplainParts,
): ExplainControl {
  return {
    command: (told) => explainCommand(supervisor, parts, told),
    document: (told) => explainDocument(supervisor, parts, told),
    async peer(wanted) {
      const { key } = findPeer(wanted, supervisor.peers(), parts.crypto, 'explained');
      const view = supervisor.peers().find(({ nodeId, address }) => (nodeId || address) === key);
      if (view === undefined) throw storeAway();
      const whereabouts = whereaboutsOf(supervisor);
      const { nodeId } = view;
      const gaps = await whereabouts.gapsTo(nodeId);
      const known = whereabouts.known().find((peer) => peer.nodeId === nodeId);
      const story = storyOfPeer(view, known, gaps, meshNow(supervisor, parts));
      return {
        ...{ nodeId: idOf(parts, nodeId), address: view.address },
        ...gaps,
        explanation: { ...rowOf(parts, story.steps, []), ...story, steps: story.steps },
      };
    },
  };
}

async function explainCommand(
  supervisor: MemberSupervisor,
  parts: ExplainParts,
  told: ResponseOf<'explainCommand'>,
): Promise<ExplanationRow> {
  const { holders } = await holdersOf(supervisor, told.document);
  const { server, command, isOnItsWay } = told;
  const { rollUp } = command;
  const isOut = rollUp === undefined ? isOnItsWay : rollUp.unreached.length > 0;
  const name = server === undefined ? '' : label(parts, server);
  const isThere = holders.some(({ nodeId, holding }) => nodeId === server && holding === 'held');
  const words =
    isOut && !isThere
      ? waysTo(server, name, holders, meshNow(supervisor, parts))
      : { waitsFor: [], advice: [] };
  const arrival = isOnItsWay && command.state === 'pending' ? [arrivalOf(told, isThere)] : [];
  return {
    ...rowOf(parts, told.steps, holders),
    waitsFor: [...told.waitsFor, ...arrival, ...words.waitsFor],
    diesAtMs: told.diesAtMs,
    advice: [...told.advice, ...words.advice],
  };
}

function arrivalOf({ command, heard }: ResponseOf<'explainCommand'>, isThere: boolean): string {
  const { agent } = command;
  return isThere
    ? `a word of the sidecar of ${agent}, which has it. ${heard}`
    : `the way to the sidecar of ${agent}. ${heard}`;
}

async function explainDocument(
  supervisor: MemberSupervisor,
  parts: ExplainParts,
  { document, deleted, freshness, trouble }: ResponseOf<'explainDocument'>,
): ReturnType<ExplainControl['document']> {
  const { writes, stored, holders } = await holdersOf(supervisor, document);
  const steps = writes.toReversed().map((write): StoryStep => {
    const what = `${write.deletes ? 'deleted it' : 'wrote it'} (${placeOf(write)})`;
    return { atMs: hlcMs(write.clock), who: '', node: write.feed.author, what, confirmed: true };
  });
  if (freshness.origin !== supervisor.nodeId) {
    const atMs = freshness.receivedAtMs;
    const what = deleted ? 'heard that it is deleted' : 'received its newest state';
    steps.push({ atMs, who: '', node: supervisor.nodeId, what, confirmed: true });
  }
  const lacking = holders.filter(({ linked, holding }) => linked && holding === 'lacking');
  const waitsFor = lacking.map(
    (holder) => `${label(parts, holder.nodeId)} to take its newest state`,
  );
  return {
    writes: writes.map(({ feed, seq, clock, deletes }) => ({
      author: idOf(parts, feed.author),
      name: parts.nameOf(feed.author),
      incarnation: feed.incarnation,
      lane: feed.lane,
      ...{ seq, deletes, atMs: hlcMs(clock) },
    })),
    stored,
    explanation: {
      ...rowOf(parts, steps, holders),
      waitsFor: [...trouble, ...waitsFor],
    },
  };
}

async function holdersOf(supervisor: MemberSupervisor, document: string) {
  const whereabouts = whereaboutsOf(supervisor);
  const { newest, stored } = await whereabouts.writesOf(document);
  const [last] = newest;
  const holders = last === undefined ? [] : await whereabouts.holdersOf(last);
  return { writes: newest, stored, holders };
}

/** A story with everybody named. */
function rowOf(
  parts: ExplainParts,
  steps: readonly StoryStep[],
  holders: readonly Holder[],
): ExplanationRow {
  return {
    steps: steps.map(({ atMs, who, node, what, via, confirmed }) => ({
      atMs,
      who: node === undefined ? who : label(parts, node),
      what: via
        ? `${what}, ${via === 'bundle' ? 'in a bundle' : `from ${label(parts, via)}`}`
        : what,
      confirmed,
    })),
    holders: holders.map((holder) => ({
      ...holder,
      nodeId: idOf(parts, holder.nodeId),
      name: holder.name || parts.nameOf(holder.nodeId),
    })),
    waitsFor: [],
    diesAtMs: undefined,
    advice: [],
  };
}

function placeOf({ feed, seq }: DocumentWrite): string {
  return `commit ${seq} of its lane ${feed.lane}`;
}

/** The name of a node, or the beginning of its id. */
function label(parts: ExplainParts, nodeId: NodeId): string {
  return parts.nameOf(nodeId) || `${idOf(parts, nodeId).slice(0, 8)}…`;
}

function idOf({ crypto }: ExplainParts, nodeId: NodeId): string {
  return nodeId === '' ? '' : formatNodeId(nodeId, crypto);
}

function meshNow(supervisor: MemberSupervisor, { clock }: ExplainParts): MeshNow {
  return {
    paused: supervisor.paused,
    receiveOnly: supervisor.receiveOnlySinceMs !== undefined,
    peers: supervisor.peers(),
    nowMs: clock.now().wallMs,
  };
}

function whereaboutsOf({ member }: MemberSupervisor): Whereabouts {
  if (member === undefined) throw storeAway();
  return member.whereabouts;
}

function storeAway(): HoldfastError {
  return new HoldfastError(
    'STORE_FAILED',
    'The store is being opened again after a failure. Nothing was read; try again.',
    { retryAfterMs: 1000 },
  );
}
