// The links of a mesh: greets whoever comes or was reached, decides who is let in, keeps one link a peer, and moves it to a better way.
import type { NodeId } from '../core/index.ts';
import type { LinkClass } from './link-class.ts';
import { LinkDriver } from './link-driver.ts';
import type { LinkRules } from './link-rules.ts';
import type { MeshParts, PeerHoldings } from './mesh-parts.ts';
import { MeshTally } from './mesh-tally.ts';
import { type OperatorPauses, PAUSED_PEER, PAUSED_PEER_HERE } from './operator-pauses.ts';
import type { Peer } from './peer.ts';
import type { PeerTable } from './peer-table.ts';
import {
  type CloseReason,
  type Contact,
  type ContactBook,
  type GoodbyeReason,
  keepsNewLink,
  type LinkEnd,
  STABLE_AFTER_MS,
} from './protocol/index.ts';
import { PullDriver } from './pull-driver.ts';
import { LINK_PATHS, type Link } from './transport/transport.ts';
import { WaitingRoom } from './transport/waiting-room.ts';
import { Twins } from './twins.ts';

/** Links to us whose peer has not proved membership yet. Each may hold a few kilobytes for a minute. */
const MAX_GREETING_LINKS = 64;
/** Members that are linked although no operator named them. */
const MAX_FOUND_LINKS = 256;
/**
 * How long the side that was dialled keeps the old link when there is a new one: the dialler, who knows when both are up, ends it
 * within a round trip. Longer than that, and it is dead.
 */
const LEAVING_MS = 5_000;

const REMOVED = 'its operator removed this peer';

export interface LinksParts {
  readonly mesh: MeshParts;
  readonly book: ContactBook;
  readonly peers: PeerTable;
  readonly pauses: OperatorPauses;
  readonly rules: LinkRules;
  isRunning(): boolean;
  /** An attempt came to nothing. */
  onFailed(contact: Contact, reason: string, versionMismatch: boolean): void;
  /** Links or contacts are others than before. */
  onChanged(): void;
}

export class Links {
  readonly #parts: LinksParts;
  readonly #greeting = new Map<LinkDriver, Contact | undefined>();
  /** Those of them that were dialled by others. */
  readonly guests = new WaitingRoom<LinkDriver>(MAX_GREETING_LINKS);
  readonly #peerByLink = new Map<LinkDriver, Peer>();
  /** Links whose peer has a better one, each with what ends the wait for their end. */
  readonly #leaving = new Map<LinkDriver, { readonly peer: Peer; readonly cancel: () => void }>();
  readonly pull: PullDriver;
  readonly tally = new MeshTally();
  readonly #twins: Twins;
  #isMute = false;

  constructor(parts: LinksParts) {
    this.#parts = parts;
    this.#twins = new Twins(parts.mesh);
    this.pull = new PullDriver({ ...parts.mesh, onStalled: (link) => this.#stalled(link) });
  }

  /** The links that carry what is new, one a peer. */
  get current(): Iterable<LinkDriver> {
    return this.#peerByLink.keys();
  }

  /** Those, and the ones that are about to end. */
  get all(): Iterable<LinkDriver> {
    return [...this.#peerByLink.keys(), ...this.#leaving.keys()];
  }

  /** What the peers hold that are linked now. */
  holdings(): PeerHoldings[] {
    return [...this.#peerByLink].map(([link, peer]) => holdingsOf(link, peer));
  }

  /** Sends no commits and no proofs over any link, or sends them again. */
  mute(on: boolean): void {
    if (this.#isMute === on) return;
    this.#isMute = on;
    for (const driver of [...this.all, ...this.#greeting.keys()]) driver.take({ type: 'mute', on });
  }

  /** Somebody dialled us. */
  accept(link: Link): void {
    const { rules } = this.#parts;
    const quiet = rules.quietReason(rules.classOf(link, undefined));
    if (quiet !== undefined) {
      link.destroy(quiet);
      this.#refused(link.remoteAddress, quiet);
      return;
    }
    const leaver = this.guests.enter(this.#greet(link, undefined), link.remoteAddress)?.link;
    if (leaver === undefined) return;
    leaver.destroy('others are in greeting');
    this.#refused(leaver.remoteAddress, `${MAX_GREETING_LINKS} others are in greeting`);
  }

  /** We dialled a contact. */
  reached(link: Link, contact: Contact): void {
    const { book, rules } = this.#parts;
    // The address alone may not have told of what class it is.
    const quiet = rules.quietReason(rules.classOf(link, contact));
    if (quiet === undefined) {
      this.#greet(link, contact);
      return;
    }
    link.destroy(quiet);
    book.cancelled(contact);
    this.#parts.onChanged();
  }

  /** Runs the session of a link; `contact` is the one that led to it. */
  #greet(link: Link, contact: Contact | undefined): LinkDriver {
    const { mesh, rules } = this.#parts;
    const driver: LinkDriver = new LinkDriver(link, {
      ...mesh,
      linkClass: rules.classOf(link, contact),
      observer: {
        onMember: (nodeId) => this.#admit(driver, nodeId),
        onHeard: () => this.#twins.heard(driver, this.#nodeOf(driver)),
        onPeerHas: (positions) => this.pull.peerHas(driver, positions),
        onMoved: (position) => this.pull.moved(driver, position),
        onDiffers: (positions) => {
          for (const position of positions) this.pull.audit(driver, position);
        },
        onHeld: (position, retryAfterMs, reason) => {
          this.pull.held(driver, position, retryAfterMs);
          const nodeId = this.#nodeOf(driver);
          mesh.report({ type: 'held', nodeId, feed: position.feed, reason, retryAfterMs });
        },
        onRoundTrip: (ms) => this.pull.roundTrip(driver, ms),
        onProgress: () => this.pull.progress(driver),
        onReadFailed: (reason) =>
          mesh.report({ type: 'read-failed', nodeId: this.#nodeOf(driver), reason }),
        onClosed: (why, message) => this.#closed(driver, why, message),
      },
    });
    this.#greeting.set(driver, contact);
    this.#twins.began(driver);
    if (this.#isMute) driver.take({ type: 'mute', on: true });
    driver.start();
    return driver;
  }

  /** Ends every link. Returns how many peers were linked. */
  endAll(reason: GoodbyeReason, message: string, saidHere = message): number {
    const linked = this.#peerByLink.size;
    for (const driver of [...this.all, ...this.#greeting.keys()])
      driver.end(reason, message, saidHere);
    return linked;
  }

  /** Ends every link of a class. Returns how many were ended. */
  endClass(linkClass: LinkClass, reason: string): number {
    // What was about to end goes first, or it would be the peer's link again.
    const drivers = [...this.#leaving.keys(), ...this.#peerByLink.keys(), ...this.#greeting.keys()];
    const ended = drivers.filter((driver) => driver.linkClass === linkClass);
    for (const driver of ended) driver.end('paused', reason);
    return ended.length;
  }

  /** Ends the link of one peer. Returns how many were ended. */
  endPeer(peer: Peer, reason: GoodbyeReason, message: string, saidHere = message): number {
    const { link } = peer;
    for (const [driver, { peer: other }] of [...this.#leaving]) {
      if (other === peer) driver.end(reason, message, saidHere);
    }
    link?.end(reason, message, saidHere);
    return link === undefined ? 0 : 1;
  }

  /** Ends what an operator does not want any more: the link that a contact led to. */
  endRemoved(peer: Peer): void {
    this.endPeer(peer, 'stopping', REMOVED);
  }

  endPaused(peer: Peer): number {
    return this.endPeer(peer, 'paused', PAUSED_PEER, PAUSED_PEER_HERE);
  }

  endSurplus(nodeId: NodeId): void {
    const link = this.#parts.peers.get(nodeId)?.link;
    link?.end('surplus', 'enough other members are linked');
  }

  #nodeOf(driver: LinkDriver): NodeId {
    return (this.#peerByLink.get(driver) ?? this.#leaving.get(driver)?.peer)?.nodeId ?? '';
  }

  #refused(address: string, reason: string, versionMismatch = false): void {
    this.#parts.mesh.report({ type: 'refused', address, reason, versionMismatch });
  }

  #admit(driver: LinkDriver, nodeId: NodeId): void {
    const { book, mesh, peers } = this.#parts;
    const contact = this.#greeting.get(driver);
    const isCurrent = contact === undefined || book.has(contact);
    const doubt = this.#doubt(driver, nodeId, contact, isCurrent);
    if (doubt !== undefined) {
      if (contact === undefined && doubt.isTold) {
        this.#refused(driver.link.remoteAddress, doubt.message);
      }
      driver.end(doubt.reason, doubt.message);
      return;
    }
    this.#greeting.delete(driver);
    this.guests.leave(driver);
    const nowMs = this.#nowMs();
    const pathRank = LINK_PATHS.indexOf(driver.link.path);
    const expected = contact && book.met(contact, nodeId, pathRank, nowMs);
    if (contact !== undefined && expected !== undefined) {
      mesh.report({ type: 'contact-corrected', address: contact.address, expected, nodeId });
    }
    const peer = peers.meet(nodeId);
    const held = peer.link;
    if (held !== undefined && !this.#keepsNew(peer, held, driver)) {
      driver.end(...this.#twins.farewell(driver, nodeId, held.bootId));
      return this.#parts.onChanged();
    }
    this.#twins.greeted(driver);
    peer.link = driver;
    peer.led = contact;
    peer.linkedAtMs = nowMs;
    peer.unwantedSinceMs = undefined;
    this.#peerByLink.set(driver, peer);
    driver.limit(this.#budgetOf(peer, driver.linkClass));
    // The new link is up before the old one ends: what is pulled over that is not asked for twice, and nobody looks away.
    this.pull.linkUp(driver, nodeId, mesh.feeds.positions());
    if (held !== undefined) this.#leave(held, peer, driver);
    const { remoteAddress: address, initiator: outbound } = driver.link;
    mesh.report({ type: 'link-up', nodeId, address, outbound });
    this.#parts.onChanged();
  }

  /** Why a member is not let in, and whether that is worth a line of the log. */
  #doubt(
    driver: LinkDriver,
    nodeId: NodeId,
    contact: Contact | undefined,
    isCurrent: boolean,
  ): { reason: GoodbyeReason; message: string; isTold: boolean } | undefined {
    const { book, mesh, pauses, peers } = this.#parts;
    if (nodeId === mesh.membership.nodeId) {
      const message = this.#twins.met(driver);
      if (contact !== undefined && driver.bootId === mesh.membership.bootId) {
        book.ledToSelf(contact);
      }
      return { reason: 'duplicate', message, isTold: false };
    }
    if (!isCurrent) return { reason: 'stopping', message: REMOVED, isTold: false };
    if (pauses.covers(contact, nodeId)) {
      return { reason: 'paused', message: PAUSED_PEER, isTold: true };
    }
    if (contact?.pinned !== undefined && contact.pinned !== nodeId) {
      const message = `that address is node ${nodeId}, and ${contact.pinned} is configured for it`;
      return { reason: 'stopping', message, isTold: false };
    }
    const isNamed = contact?.isKept === true || this.#isNamed(nodeId);
    if (isNamed || peers.isLinked(nodeId) || this.#foundLinks() < MAX_FOUND_LINKS) return undefined;
    return { reason: 'full', message: `${MAX_FOUND_LINKS} others are linked`, isTold: true };
  }

  #isNamed(nodeId: NodeId): boolean {
    return this.#parts.book.of(nodeId).some((contact) => contact.isKept);
  }

  #foundLinks(): number {
    if (this.#peerByLink.size < MAX_FOUND_LINKS) return this.#peerByLink.size;
    return [...this.#peerByLink.values()].filter(({ nodeId }) => !this.#isNamed(nodeId)).length;
  }

  #budgetOf({ led, nodeId }: Peer, linkClass: LinkClass): number | undefined {
    const { book, rules } = this.#parts;
    const contacts = [...(led === undefined ? [] : [led]), ...book.of(nodeId)];
    const addresses = contacts.flatMap(({ address, names }) => [address, ...names]);
    return rules.budgetOf(addresses, linkClass);
  }

  #keepsNew(peer: Peer, held: LinkDriver, fresh: LinkDriver): boolean {
    const rival = ({ bootId, link: { initiator, handshakeHash, path } }: LinkDriver) => {
      return { bootId, initiator, handshakeHash, pathRank: LINK_PATHS.indexOf(path) };
    };
    const ageMs = this.#nowMs() - peer.linkedAtMs;
    const { nodeId } = this.#parts.mesh.membership;
    return keepsNewLink(nodeId, peer.nodeId, { ...rival(held), ageMs }, rival(fresh));
  }

  /** The peer has a new link. Who dialled that knows that it is up on both sides, and ends the old one; the other waits for it. */
  #leave(old: LinkDriver, peer: Peer, fresh: LinkDriver): void {
    this.#peerByLink.delete(old);
    const farewell = this.#twins.farewell(old, peer.nodeId, fresh.bootId);
    const end = (): void => old.end(...farewell);
    const isOver = fresh.link.initiator || old.bootId !== fresh.bootId;
    const cancel = isOver ? () => {} : this.#parts.mesh.timers.after(LEAVING_MS, end);
    this.#leaving.set(old, { peer, cancel });
    if (isOver) end();
  }

  #stalled(link: LinkDriver): void {
    const peer = this.#peerByLink.get(link);
    if (peer !== undefined) peer.stalls++;
    link.end('stalled', 'nothing that was asked for came over this link for a minute');
  }

  #closed(driver: LinkDriver, why: CloseReason, message: string): void {
    const peer = this.#peerByLink.get(driver);
    this.#peerByLink.delete(driver);
    this.pull.linkDown(driver);
    this.tally.closed(driver);
    const left = this.#leaving.get(driver);
    const known = peer ?? left?.peer;
    if (why === 'twin' && known !== undefined) this.#twins.told(known.nodeId, driver);
    if (left !== undefined) {
      this.#leaving.delete(driver);
      left.cancel();
      left.peer.forgetLink(driver);
    } else if (peer !== undefined) this.#lost(driver, peer, why, message);
    else if (this.#greeting.has(driver)) this.#neverLinked(driver, why, message);
  }

  #lost(driver: LinkDriver, peer: Peer, why: CloseReason, message: string): void {
    const { book, mesh } = this.#parts;
    const { monotonicMs: nowMs, wallMs } = mesh.clock.now();
    const { led } = peer;
    mesh.onHoldings?.(holdingsOf(driver, peer));
    peer.forgetLink(driver);
    if (this.#returns(peer, driver.link)) return;
    const isStable = nowMs - peer.linkedAtMs >= STABLE_AFTER_MS;
    const end: LinkEnd = why === 'surplus' ? 'blameless' : isStable ? 'stable' : 'young';
    if (end !== 'blameless') peer.losses = isStable ? 0 : peer.losses + 1;
    this.tally.lost(why);
    peer.led = undefined;
    peer.lastError = message;
    peer.lostAtMs = nowMs;
    peer.lostAtWallMs = wallMs;
    mesh.report({ type: 'link-down', nodeId: peer.nodeId, name: peer.name, reason: message });
    book.linkLost(peer.nodeId, led, end, message, nowMs);
    this.#parts.onChanged();
  }

  /** The better way broke at once, and the link before it is there still: it is the peer's link again. */
  #returns(peer: Peer, { path }: Link): boolean {
    if (!this.#parts.isRunning()) return false;
    for (const [old, { peer: other, cancel }] of this.#leaving) {
      if (other !== peer || old.link.path === path) continue;
      this.#leaving.delete(old);
      cancel();
      peer.link = old;
      this.#peerByLink.set(old, peer);
      // It was not told what was written meanwhile.
      old.take({ type: 'advanced', positions: this.#parts.mesh.feeds.positions() });
      this.#parts.onChanged();
      return true;
    }
    return false;
  }

  #neverLinked(driver: LinkDriver, why: CloseReason, message: string): void {
    const { book, peers, rules } = this.#parts;
    const contact = this.#greeting.get(driver);
    this.#greeting.delete(driver);
    this.guests.leave(driver);
    if (contact === undefined) {
      if (why === 'stranger' || why === 'version') {
        this.#refused(driver.link.remoteAddress, message, why === 'version');
      }
      return;
    }
    if (!book.has(contact)) return;
    const { nodeId, pinned } = contact;
    const isLinked = nodeId !== undefined && pinned === undefined && peers.isLinked(nodeId);
    if (!this.#parts.isRunning()) book.cancelled(contact);
    else if (rules.quietReasonOf(contact) !== undefined) {
      book.cancelled(contact);
      this.#parts.onChanged();
    } else if (isLinked) {
      // Both dialled at once, or this was no better way: no reason to complain.
      book.failed(contact, message, this.#nowMs());
      this.#parts.onChanged();
    } else this.#parts.onFailed(contact, message, why === 'version');
  }

  #nowMs(): number {
    return this.#parts.mesh.clock.now().monotonicMs;
  }
}

function holdingsOf(link: LinkDriver, { nodeId, name }: Peer): PeerHoldings {
  return { nodeId, name: link.name || name, positions: link.holdings() };
}
