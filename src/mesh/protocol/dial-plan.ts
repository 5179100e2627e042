// Whom to dial now, which names to resolve, which links are one too many, and when to ask again: one look at all contacts and links.
import type { NodeId } from '../../core/index.ts';
import type { Contact } from './contact.ts';
import { wantedNeighbours } from './topology.ts';

/** Contacts of whom nobody knows who they are, dialled at the same time to learn it. */
const MAX_UNKNOWN_DIALS = 8;
/** With so many links strangers' addresses are not tried any more, but those that were heard on the LAN. */
const ENOUGH_LINKS = 8;
/** Whoever cannot be dialled so often is no candidate: the others choose without it. It is dialled until it is given up. */
const MAX_CANDIDATE_FAILURES = 3;
/** A link that is not wanted any more is kept so long: what is wanted may change back. */
const SURPLUS_AFTER_MS = 60_000;
/** Between two dials to where one who was put out was met last. */
const EJECTED_PAUSE_MS = 10 * 60_000;
/** Timers may fire a little early. */
const DUE_TOLERANCE_MS = 1;

/** A member that is linked. */
export interface Neighbour {
  readonly pathRank: number;
  /** We dialled. */
  readonly isOwnDial: boolean;
  /** Since when it is not wanted; undefined while it is. */
  readonly unwantedSinceMs: number | undefined;
}

/** Whom to be linked to, of all who may be reached. */
export type ChooseNeighbours = (self: NodeId, candidates: readonly NodeId[]) => ReadonlySet<NodeId>;

export interface DialScene {
  readonly self: NodeId;
  readonly nowMs: number;
  readonly contacts: readonly Contact[];
  readonly neighbours: ReadonlyMap<NodeId, Neighbour>;
  /** Whether an operator paused this contact, or who is there. */
  isPaused(contact: Contact): boolean;
  /** Whether a node was put out of the fleet. */
  isEjected(nodeId: NodeId): boolean;
  /** Whether links to this contact must be silent now. The member may have others. */
  isQuiet(contact: Contact): boolean;
}

export interface DialPlan {
  /** In this order. */
  readonly dial: readonly Contact[];
  /** Names. */
  readonly resolve: readonly Contact[];
  /** Linked members to end the link of: it is one too many. */
  readonly surplus: readonly NodeId[];
  /** Linked members that are one too many if that does not change. */
  readonly unwanted: ReadonlySet<NodeId>;
  /** When to plan again, unless something happens before. */
  readonly againAtMs: number | undefined;
}

/** Decides from how things are; it remembers nothing. */
export function planDials(scene: DialScene, choose: ChooseNeighbours = wantedNeighbours): DialPlan {
  const contactsByNode = Map.groupBy(
    scene.contacts.filter(({ nodeId }) => nodeId !== undefined),
    ({ nodeId }) => nodeId as NodeId,
  );
  const wanted = choose(scene.self, candidates(scene, contactsByNode));
  const choice = chooseContacts(scene, wanted);
  const unwanted = new Set<NodeId>();
  for (const [nodeId, { isOwnDial }] of scene.neighbours) {
    const isKept = contactsByNode.get(nodeId)?.some((contact) => contact.isKept) === true;
    if (isOwnDial && !isKept && !wanted.has(nodeId)) unwanted.add(nodeId);
  }
  const isComplete = [...wanted].every((nodeId) => scene.neighbours.has(nodeId));
  const endsAtMs = (nodeId: NodeId): number =>
    (scene.neighbours.get(nodeId)?.unwantedSinceMs ?? scene.nowMs) + SURPLUS_AFTER_MS;
  const surplus = isComplete
    ? [...unwanted].filter((nodeId) => endsAtMs(nodeId) <= scene.nowMs + DUE_TOLERANCE_MS)
    : [];
  const ends = isComplete
    ? [...unwanted].filter((nodeId) => !surplus.includes(nodeId)).map(endsAtMs)
    : [];
  const againAtMs = Math.min(choice.againAtMs, ...ends);
  return {
    ...{ dial: choice.dial, resolve: choice.resolve, surplus, unwanted },
    againAtMs: againAtMs === Infinity ? undefined : againAtMs,
  };
}

/** Members that may be neighbours: linked ones, and those of whom an address is known that does not fail. */
function candidates(
  { contacts, neighbours, self, isEjected, isPaused, isQuiet }: DialScene,
  contactsByNode: ReadonlyMap<NodeId, readonly Contact[]>,
): readonly NodeId[] {
  const found = new Set(neighbours.keys());
  for (const [nodeId, known] of contactsByNode) {
    const leads = (one: Contact): boolean =>
      one.attempts < MAX_CANDIDATE_FAILURES && !one.isSelf && !isQuiet(one);
    if (known.some(leads)) found.add(nodeId);
  }
  for (const contact of contacts) {
    if (contact.nodeId !== undefined && isPaused(contact)) found.delete(contact.nodeId);
  }
  for (const nodeId of [...found]) if (isEjected(nodeId)) found.delete(nodeId);
  found.delete(self);
  return [...found].sort();
}

function chooseContacts(
  scene: DialScene,
  wanted: ReadonlySet<NodeId>,
): { dial: readonly Contact[]; resolve: readonly Contact[]; againAtMs: number } {
  const { contacts, nowMs, neighbours } = scene;
  const names = new Map(contacts.filter((one) => one.isName).map((one) => [one.address, one]));
  const busy = new Set<NodeId>();
  let unknown = 0;
  for (const contact of contacts) {
    if (!contact.isUnderWay) continue;
    if (contact.nodeId !== undefined) busy.add(contact.nodeId);
    else if (!contact.isKept) unknown++;
  }
  const dial: Contact[] = [];
  const resolve = new Set<Contact>();
  let againAtMs = Infinity;
  for (const contact of contacts.toSorted((a, b) => a.pathRank - b.pathRank)) {
    if (contact.isUnderWay || !isEligible(scene, contact, wanted)) continue;
    const dueAtMs = dueAt(scene, contact);
    if (dueAtMs > nowMs + DUE_TOLERANCE_MS) {
      againAtMs = Math.min(againAtMs, dueAtMs);
      continue;
    }
    if (contact.isName) {
      resolve.add(contact);
      continue;
    }
    const { nodeId } = contact;
    if (nodeId !== undefined && busy.has(nodeId)) continue;
    const stale = staleNames(contact, names);
    if (stale !== undefined) {
      for (const name of stale) if (!name.isUnderWay) resolve.add(name);
      continue;
    }
    if (nodeId === undefined && !contact.isKept) {
      if (unknown >= MAX_UNKNOWN_DIALS) continue;
      const isEnough = neighbours.size >= ENOUGH_LINKS && !contact.sources.has('multicast');
      if (isEnough) continue;
      unknown++;
    }
    if (nodeId !== undefined) busy.add(nodeId);
    dial.push(contact);
  }
  return { dial, resolve: [...resolve], againAtMs };
}

/** Whether it would be dialled, or resolved, if it were due. */
function isEligible(scene: DialScene, contact: Contact, wanted: ReadonlySet<NodeId>): boolean {
  if (contact.isSelf || scene.isPaused(contact) || scene.isQuiet(contact)) return false;
  if (contact.isName) return true;
  const { nodeId, pathRank } = contact;
  if (nodeId === undefined) return true;
  if (nodeId === scene.self || isVain(scene, contact)) return false;
  const link = scene.neighbours.get(nodeId);
  // Only the best way is worth a second link: what another dial would lead to is not known before.
  if (link !== undefined) return pathRank === 0 && link.pathRank > 0;
  // Who is no candidate because it failed is still asked: else two halves of a site that lost each other would never meet again.
  const isDoubted = contact.attempts >= MAX_CANDIDATE_FAILURES;
  return contact.isKept || isDoubted || wanted.has(nodeId);
}

function hasEjected({ isEjected }: DialScene, { nodeId }: Contact): boolean {
  return nodeId !== undefined && isEjected(nodeId);
}

/** Nobody but one who was put out is sought there. */
function isVain(scene: DialScene, contact: Contact): boolean {
  return hasEjected(scene, contact) && (!contact.isKept || contact.pinned !== undefined);
}

/** Where an operator says that a member is and one who was put out was met, another one may be by now: it is asked now and then. */
function dueAt(scene: DialScene, contact: Contact): number {
  const { failedAtMs = -Infinity, nextAtMs } = contact;
  return hasEjected(scene, contact) ? Math.max(nextAtMs, failedAtMs + EJECTED_PAUSE_MS) : nextAtMs;
}

/** The names that must be resolved before the contact is dialled; undefined when it may be dialled as it is. */
function staleNames(
  contact: Contact,
  names: ReadonlyMap<string, Contact>,
): readonly Contact[] | undefined {
  if (contact.sources.size > 0) return undefined;
  const all = [...contact.names].flatMap((name) => names.get(name) ?? []);
  if (all.length === 0 || all.some((name) => name.askedAtMs >= contact.nextAtMs)) return undefined;
  return all;
}
