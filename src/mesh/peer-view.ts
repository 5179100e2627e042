// Peers as operators see them: one row a member, and one an address at which nobody was met yet.
import type { NodeId } from '../core/index.ts';
import type { LinkClass } from './link-class.ts';
import type { LinkRules } from './link-rules.ts';
import type { Peer } from './peer.ts';
import type { PeerTable } from './peer-table.ts';
import type { Contact, ContactSource } from './protocol/index.ts';
import type { LinkPath } from './transport/transport.ts';

export type PeerState = 'connected' | 'connecting' | 'waiting' | 'paused';

/** One address of a peer. */
export interface ContactView {
  /** As the transport dials it, or a host name that is resolved. */
  readonly address: string;
  readonly sources: readonly ContactSource[];
  /** Host names that resolved to it. */
  readonly names: readonly string[];
  /** Failed attempts in a row. */
  readonly attempts: number;
  readonly lastError: string;
}

export interface PeerView {
  /** Where it is dialled, as it was configured, where it was; empty for a peer that only dials us. */
  readonly address: string;
  /** Hex; empty until known. */
  readonly nodeId: NodeId;
  readonly name: string;
  readonly state: PeerState;
  /** What the link runs over; undefined without one. */
  readonly path: LinkPath | undefined;
  /** The other end of the link; empty without one. */
  readonly remoteAddress: string;
  /** All addresses that are known of it. */
  readonly contacts: readonly ContactView[];
  readonly roundTripMs: number | undefined;
  /** Milliseconds since 1970 by our clock. */
  readonly lastSeenMs: number | undefined;
  readonly lastError: string;
  readonly bytesReceived: number;
  readonly bytesSent: number;
  readonly attempts: number;
  readonly outbound: boolean;
  /** What may be sent over the link, in bytes a second; undefined for no limit. */
  readonly budgetBytesPerSecond: number | undefined;
  /** Over the last ten seconds. */
  readonly receivedBytesPerSecond: number;
  readonly sentBytesPerSecond: number;
  /** Links that were closed because nothing moved. */
  readonly stalls: number;
  /** Of its link, or of one to its best address; undefined where none is known. */
  readonly linkClass: LinkClass | undefined;
  /** Why the last link ended; empty where none did since the process started. */
  readonly lastLoss: string;
  /** When, in milliseconds since 1970. */
  readonly lastLostMs: number | undefined;
}

export interface PeerScene {
  readonly contacts: readonly Contact[];
  readonly peers: PeerTable;
  /** Names of what is paused alone, by node id or address. */
  readonly pausedByKey: ReadonlyMap<string, string>;
  readonly rules: Pick<LinkRules, 'classOfContact' | 'quietReasonOf'>;
  /** Why an operator's word keeps a contact, or a member, from being linked; undefined where none does. */
  pauseOf(contact: Contact | undefined, nodeId: NodeId | undefined): string | undefined;
}

/** What belongs together: the contacts of a member, or those of whom nobody knows who they are. */
interface Group {
  readonly nodeId: NodeId | undefined;
  readonly contacts: Contact[];
}

/** In the order in which addresses became known; then whoever dialled us; then whoever is paused and was not met since the start. */
export function viewPeers(scene: PeerScene): PeerView[] {
  const groups = groupContacts(scene.contacts);
  const met = new Set(groups.map(({ nodeId }) => nodeId));
  for (const { nodeId } of scene.peers.all()) {
    if (!met.has(nodeId)) groups.push({ nodeId, contacts: [] });
    met.add(nodeId);
  }
  for (const key of scene.pausedByKey.keys()) {
    if (isNodeId(key) && !met.has(key)) groups.push({ nodeId: key, contacts: [] });
  }
  return groups.map((group) => viewGroup(group, scene));
}

function groupContacts(contacts: readonly Contact[]): Group[] {
  const groups = new Map<string, Group>();
  const put = (key: string, nodeId: NodeId | undefined, contact: Contact): void => {
    const group = groups.get(key) ?? { nodeId, contacts: [] };
    groups.set(key, group);
    group.contacts.push(contact);
  };
  for (const contact of contacts) {
    const { nodeId, address } = contact;
    if (nodeId !== undefined) put(nodeId, nodeId, contact);
    else {
      const name = contact.isName ? address : contact.sources.size === 0 && firstOf(contact.names);
      const met = name ? membersOf(name, contacts) : [];
      // What a name led to besides is told with whoever was met there.
      for (const member of met) put(member, member, contact);
      if (met.length === 0) put(name || address, undefined, contact);
    }
  }
  return [...groups.values()];
}

/** Who was met at the addresses of a name. */
function membersOf(name: string, contacts: readonly Contact[]): readonly NodeId[] {
  const met = contacts.filter((one) => one.names.has(name)).flatMap(({ nodeId }) => nodeId ?? []);
  return [...new Set(met)];
}

/** 64 hex digits; everything else is an address. */
function isNodeId(key: string): key is NodeId {
  return !key.includes(':');
}

function viewGroup(group: Group, scene: PeerScene): PeerView {
  const { nodeId, contacts } = group;
  const { peers, pausedByKey, rules } = scene;
  const peer = nodeId === undefined ? undefined : peers.get(nodeId);
  const link = peer?.link;
  const silence = silenceOf(group, scene);
  const connecting = contacts.some(({ isUnderWay }) => isUnderWay);
  const unlinked = silence !== undefined ? 'paused' : connecting ? 'connecting' : 'waiting';
  const attempts = Math.max(
    ...(contacts.length > 0 ? contacts.map((contact) => contact.attempts) : [peer?.losses ?? 0]),
  );
  return {
    address: addressOf(preferring(link && peer?.led, contacts)),
    nodeId: nodeId ?? '',
    name: link?.name || peer?.name || (pausedByKey.get(nodeId ?? '') ?? ''),
    state: link === undefined ? unlinked : 'connected',
    path: link?.link.path,
    remoteAddress: link?.link.remoteAddress ?? '',
    contacts: contacts.map((contact) => viewContact(contact, rules.quietReasonOf(contact))),
    roundTripMs: link?.roundTripMs,
    lastSeenMs: link?.lastHeardWallMs ?? peer?.lastSeenMs,
    lastError: link === undefined ? (silence ?? lastErrorOf(peer, contacts)) : '',
    bytesReceived: peer?.bytesReceived ?? 0,
    bytesSent: peer?.bytesSent ?? 0,
    attempts: link === undefined ? attempts : 0,
    outbound: link?.link.initiator ?? contacts.length > 0,
    budgetBytesPerSecond: link?.budgetBytesPerSecond,
    receivedBytesPerSecond: link?.receivedBytesPerSecond ?? 0,
    sentBytesPerSecond: link?.sentBytesPerSecond ?? 0,
    stalls: peer?.stalls ?? 0,
    linkClass: link?.linkClass ?? classOf(waysOf(group), rules),
    lastLoss: peer?.lastError ?? '',
    lastLostMs: peer?.lostAtWallMs,
  };
}

/** What is dialled of a group: its names only as long as nothing is known that they resolve to. */
function waysOf({ contacts }: Group): readonly Contact[] {
  const ways = contacts.filter(({ isName }) => !isName);
  return ways.length > 0 ? ways : contacts;
}

/** Why nobody of a group may be linked now, by operators and by quiet hours; undefined where somebody may. */
function silenceOf(group: Group, { rules, pauseOf }: PeerScene): string | undefined {
  const ways = waysOf(group);
  const reasons = new Set<string>();
  for (const way of ways.length > 0 ? ways : [undefined]) {
    const paused = pauseOf(way, group.nodeId);
    const quiet = way && rules.quietReasonOf(way);
    if (paused === undefined && quiet === undefined) return undefined;
    for (const reason of [paused, quiet]) if (reason !== undefined) reasons.add(reason);
  }
  return [...reasons].join('; ');
}

function classOf(ways: readonly Contact[], rules: PeerScene['rules']): LinkClass | undefined {
  const [best] = ways.toSorted((a, b) => a.pathRank - b.pathRank);
  return best && rules.classOfContact(best);
}

/** The one that led to the link comes first, and last what nobody but a neighbour on the wire could use: link-local ones. */
function preferring(led: Contact | undefined, contacts: readonly Contact[]): readonly Contact[] {
  const rankOf = (contact: Contact): number =>
    contact === led ? 0 : contact.address.includes('%') ? 2 : 1;
  return contacts.toSorted((a, b) => rankOf(a) - rankOf(b));
}

function addressOf(contacts: readonly Contact[]): string {
  const named = contacts.find(({ sources }) => sources.has('configured') || sources.has('added'));
  if (named !== undefined) return named.address;
  const resolved = contacts.map(({ names }) => firstOf(names)).find((name) => name !== undefined);
  return resolved ?? contacts[0]?.address ?? '';
}

/** The newest of all that went wrong. */
function lastErrorOf(peer: Peer | undefined, contacts: readonly Contact[]): string {
  let lastError = peer?.lastError ?? '';
  let atMs = lastError === '' ? -Infinity : (peer?.lostAtMs ?? -Infinity);
  for (const contact of contacts) {
    if (contact.lastError === '' || (contact.failedAtMs ?? -Infinity) < atMs) continue;
    lastError = contact.lastError;
    atMs = contact.failedAtMs ?? -Infinity;
  }
  return lastError;
}

function viewContact(contact: Contact, quiet: string | undefined): ContactView {
  const { address, sources, names, attempts } = contact;
  const lastError = quiet ?? contact.lastError;
  return { address, sources: [...sources], names: [...names], attempts, lastError };
}

function firstOf(names: ReadonlySet<string>): string | undefined {
  return names.values().next().value;
}
