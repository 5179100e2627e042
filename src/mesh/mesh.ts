// The driver of the mesh: dials peers for ever, accepts links, keeps one link a peer, and tells the sessions what is new.
import type { EncodedFork, FeedId, FeedPosition, NodeId } from '../core/index.ts';
import { LinkDriver } from './link-driver.ts';
import type { MeshParts, PeerHoldings } from './mesh-parts.ts';
import { Peer, type PeerView } from './peer.ts';
import {
  type CloseReason,
  dialDelayMs,
  type GoodbyeReason,
  keepsNewLink,
  STABLE_AFTER_MS,
} from './protocol/index.ts';
import { PullDriver } from './pull-driver.ts';
import type { Link } from './transport/transport.ts';
import { WaitingRoom } from './transport/waiting-room.ts';

/** Links to us whose peer has not proved membership yet. Each may hold a few kilobytes for a minute. */
const MAX_GREETING_LINKS = 64;
/** Peers that once dialled us and are shown although they are away. The oldest is forgotten first. */
const MAX_REMEMBERED_PEERS = 256;

/** Processes with our own key that are told apart. */
const MAX_DUPLICATES = 64;

const REMOVED = 'its operator removed this peer';

export class Mesh {
  readonly #parts: MeshParts;
  readonly #peers: Peer[] = [];
  readonly #greeting = new Set<LinkDriver>();
  /** Those of them that were dialled by others. */
  readonly #guests = new WaitingRoom<LinkDriver>(MAX_GREETING_LINKS);
  readonly #peerByLink = new Map<LinkDriver, Peer>();
  readonly #pull: PullDriver;
  /** Boot ids of others that have our key. */
  readonly #duplicates = new Set<string>();
  #address = '';
  #state: 'running' | 'paused' | 'closed' = 'running';

  constructor(parts: MeshParts) {
    this.#parts = parts;
    this.#pull = new PullDriver({ ...parts, onStalled: (link) => this.#stalled(link) });
  }

  /** Address others dial; empty when not listening. */
  get address(): string {
    return this.#address;
  }

  get paused(): boolean {
    return this.#state === 'paused';
  }

  peers(): PeerView[] {
    return this.#peers.map((peer) => peer.view(this.paused));
  }

  /** What the peers hold that are linked now. */
  holdings(): PeerHoldings[] {
    return [...this.#peerByLink].map(([link, peer]) => holdingsOf(link, peer));
  }

  /** Starts to accept links. Rejects when the port is taken. */
  async listen(): Promise<void> {
    this.#address = await this.#parts.transport.listen({
      onLink: (link) => this.#accept(link),
      onRefused: (address, reason) =>
        this.#parts.report({ type: 'refused', address, reason, versionMismatch: false }),
    });
  }

  /** Dials an address from now on. False when it is known already. */
  addPeer(address: string): boolean {
    if (this.#peers.some((peer) => peer.address === address)) return false;
    const peer = new Peer(address);
    this.#peers.push(peer);
    this.#dial(peer);
    return true;
  }

  /** Forgets an address and closes its link. False when it is not known. */
  removePeer(address: string): boolean {
    const at = this.#peers.findIndex((peer) => peer.address === address);
    const peer = this.#peers[at];
    if (address === '' || peer === undefined) return false;
    this.#peers.splice(at, 1);
    peer.cancel?.();
    peer.link?.end('stopping', REMOVED);
    return true;
  }

  /** Closes every link and makes none until `resume`. Returns how many were closed. */
  pause(): number {
    if (this.#state !== 'running') return 0;
    this.#state = 'paused';
    return this.#endAll('paused', 'its operator paused the mesh');
  }

  resume(): void {
    if (this.#state !== 'paused') return;
    this.#state = 'running';
    for (const peer of this.#peers) {
      peer.attempts = 0;
      this.#dial(peer);
    }
  }

  /** Feeds grew here: every session may have something to send. */
  advanced(positions: readonly FeedPosition[]): void {
    for (const link of this.#peerByLink.keys()) link.take({ type: 'advanced', positions });
    this.#pull.advanced(positions);
  }

  /** Feeds are not held here any more: nobody is sent them, and nobody is asked for them. */
  forgotten(feeds: readonly FeedId[]): void {
    for (const link of this.#peerByLink.keys()) link.take({ type: 'forgotten', feeds });
    this.#pull.forgotten(feeds);
  }

  /** Feeds turned out to be void: every peer hears of it. */
  proved(forks: readonly EncodedFork[]): void {
    for (const link of this.#peerByLink.keys()) link.take({ type: 'proved', forks });
  }

  /** Says goodbye, closes all links and the listener. Idempotent. */
  async close(): Promise<void> {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#endAll('stopping', 'it stops');
    this.#pull.close();
    await this.#parts.transport.close();
  }

  #endAll(reason: GoodbyeReason, message: string): number {
    for (const peer of this.#peers) {
      peer.cancel?.();
      peer.cancel = undefined;
    }
    const links = [...this.#peerByLink.keys()];
    for (const link of [...links, ...this.#greeting]) link.end(reason, message);
    return links.length;
  }

  #dial(peer: Peer): void {
    peer.cancel?.();
    peer.cancel = undefined;
    if (this.#state !== 'running' || peer.address === '' || this.#isLinked(peer)) return;
    const abort = new AbortController();
    peer.dialing = true;
    peer.cancel = () => {
      peer.dialing = false;
      abort.abort();
    };
    this.#parts.transport.dial(peer.address, abort.signal).then(
      (link) => {
        if (abort.signal.aborted) return link.destroy('no longer wanted');
        peer.dialing = false;
        this.#drive(link, peer);
      },
      (error: unknown) => {
        // Whoever gave it up has planned already what comes next.
        if (abort.signal.aborted) return;
        peer.dialing = false;
        this.#dialFailed(peer, error instanceof Error ? error.message : String(error));
      },
    );
  }

  #dialFailed(peer: Peer, reason: string, versionMismatch = false): void {
    peer.attempts++;
    peer.lastError = reason;
    this.#parts.report({
      type: 'dial-failed',
      address: peer.address,
      reason,
      attempts: peer.attempts,
      versionMismatch,
    });
    this.#dialLater(peer);
  }

  #dialLater(peer: Peer): void {
    if (this.#state !== 'running' || !this.#peers.includes(peer)) return;
    const delayMs = dialDelayMs(Math.max(1, peer.attempts), this.#parts.random.fraction());
    peer.cancel?.();
    peer.cancel = this.#parts.timers.after(delayMs, () => this.#dial(peer));
  }

  #accept(link: Link): void {
    if (this.#state !== 'running') {
      link.destroy('the mesh is paused');
    } else {
      const leaver = this.#guests.enter(this.#drive(link, undefined), link.remoteAddress)?.link;
      if (leaver === undefined) return;
      leaver.destroy('others are in greeting');
      this.#parts.report({
        type: 'refused',
        address: leaver.remoteAddress,
        reason: `${MAX_GREETING_LINKS} others are in greeting`,
        versionMismatch: false,
      });
    }
  }

  /** Runs the session of a link; `dialled` is the peer whose address led to it. */
  #drive(link: Link, dialled: Peer | undefined): LinkDriver {
    const driver: LinkDriver = new LinkDriver(link, {
      clock: this.#parts.clock,
      timers: this.#parts.timers,
      membership: this.#parts.membership,
      name: this.#parts.name,
      versions: this.#parts.versions,
      feeds: this.#parts.feeds,
      observer: {
        onMember: (nodeId) => this.#admit(driver, nodeId, dialled),
        onPeerHas: (positions) => this.#pull.peerHas(driver, positions),
        onMoved: (position) => this.#pull.moved(driver, position),
        onDiffers: (positions) => {
          for (const position of positions) this.#pull.audit(driver, position);
        },
        onHeld: (position, retryAfterMs, reason) => {
          this.#pull.held(driver, position, retryAfterMs);
          const nodeId = this.#peerByLink.get(driver)?.nodeId ?? '';
          this.#parts.report({ type: 'held', nodeId, feed: position.feed, reason, retryAfterMs });
        },
        onRoundTrip: (ms) => this.#pull.roundTrip(driver, ms),
        onProgress: () => this.#pull.progress(driver),
        onReadFailed: (reason) => {
          const nodeId = this.#peerByLink.get(driver)?.nodeId ?? '';
          this.#parts.report({ type: 'read-failed', nodeId, reason });
        },
        onClosed: (why, message) => this.#closed(driver, dialled, why, message),
      },
    });
    this.#greeting.add(driver);
    driver.start();
    return driver;
  }

  #leaveGreeting(driver: LinkDriver): void {
    this.#greeting.delete(driver);
    this.#guests.leave(driver);
  }

  #admit(driver: LinkDriver, nodeId: NodeId, dialled: Peer | undefined): void {
    this.#leaveGreeting(driver);
    if (nodeId === this.#parts.membership.nodeId) {
      const reason = this.#meetSelf(driver);
      if (dialled !== undefined) dialled.lastError = reason;
      driver.end('duplicate', reason);
      return;
    }
    if (dialled !== undefined && !this.#peers.includes(dialled)) {
      driver.end('stopping', REMOVED);
      return;
    }
    const peer = this.#peerOf(nodeId, dialled);
    const held = peer.link;
    if (held !== undefined && !this.#keepsNew(peer, held, driver)) {
      driver.end('duplicate', 'another link to this peer is kept');
      return;
    }
    peer.cancel?.();
    peer.cancel = undefined;
    peer.link = driver;
    peer.linkedAtMs = this.#parts.clock.now().monotonicMs;
    this.#peerByLink.set(driver, peer);
    const { budgets, feeds } = this.#parts;
    driver.limit(budgets?.byAddress.get(peer.address) ?? budgets?.default);
    this.#pull.linkUp(driver, nodeId, feeds.positions());
    held?.end('duplicate', 'another link to this peer is kept');
    const { remoteAddress, initiator } = driver.link;
    this.#parts.report({ type: 'link-up', nodeId, address: remoteAddress, outbound: initiator });
  }

  /** Whoever has our key is we, or runs on a copy of our data directory. Returns what to say about it. */
  #meetSelf({ bootId, link: { remoteAddress: address } }: LinkDriver): string {
    if (bootId === this.#parts.membership.bootId) return 'that address is this sidecar itself';
    const isNew = !this.#duplicates.has(bootId) && this.#duplicates.size < MAX_DUPLICATES;
    if (isNew) this.#duplicates.add(bootId);
    if (isNew) this.#parts.report({ type: 'duplicate-identity', address, bootId });
    return 'that address runs with the key of this sidecar: its data directory was copied';
  }

  #keepsNew(peer: Peer, held: LinkDriver, fresh: LinkDriver): boolean {
    const rival = ({ bootId, link: { initiator, handshakeHash } }: LinkDriver) => {
      return { bootId, initiator, handshakeHash };
    };
    const ageMs = this.#parts.clock.now().monotonicMs - peer.linkedAtMs;
    const { nodeId } = this.#parts.membership;
    return keepsNewLink(nodeId, peer.nodeId, { ...rival(held), ageMs }, rival(fresh));
  }

  #stalled(link: LinkDriver): void {
    const peer = this.#peerByLink.get(link);
    if (peer !== undefined) peer.stalls++;
    link.end('stalled', 'nothing that was asked for came over this link for a minute');
  }

  /** The record a new link of a member belongs to: the one that holds its link, or the address that led to it. */
  #peerOf(nodeId: NodeId, dialled: Peer | undefined): Peer {
    const known = this.#peers.filter((peer) => peer.nodeId === nodeId);
    const held = known.find((peer) => peer.link !== undefined);
    if (dialled === undefined) return held ?? known[0] ?? this.#remember(nodeId);
    dialled.nodeId = nodeId;
    const inbound = known.find((peer) => peer.address === '');
    if (inbound === undefined) return held ?? dialled;
    // It dialled us before we reached it: what is known of it moves to the record with the address.
    this.#peers.splice(this.#peers.indexOf(inbound), 1);
    if (inbound.link === undefined) return held ?? dialled;
    dialled.link = inbound.link;
    dialled.linkedAtMs = inbound.linkedAtMs;
    this.#peerByLink.set(inbound.link, dialled);
    return dialled;
  }

  #remember(nodeId: NodeId): Peer {
    const inbound = this.#peers.filter((peer) => peer.address === '' && peer.link === undefined);
    const oldest = inbound[0];
    if (inbound.length >= MAX_REMEMBERED_PEERS && oldest !== undefined) {
      this.#peers.splice(this.#peers.indexOf(oldest), 1);
    }
    const peer = new Peer('');
    peer.nodeId = nodeId;
    this.#peers.push(peer);
    return peer;
  }

  #closed(driver: LinkDriver, dialled: Peer | undefined, why: CloseReason, message: string): void {
    this.#leaveGreeting(driver);
    const peer = this.#peerByLink.get(driver);
    this.#peerByLink.delete(driver);
    this.#pull.linkDown(driver);
    if (peer === undefined) {
      this.#neverLinked(driver, dialled, why, message);
      return;
    }
    this.#parts.onHoldings?.(holdingsOf(driver, peer));
    const heldMs = this.#parts.clock.now().monotonicMs - peer.linkedAtMs;
    peer.forgetLink(driver);
    if (peer.link !== undefined) return;
    peer.lastError = message;
    peer.attempts = heldMs >= STABLE_AFTER_MS ? 0 : peer.attempts + 1;
    this.#parts.report({
      type: 'link-down',
      nodeId: peer.nodeId,
      name: peer.name,
      reason: message,
    });
    // A node may have several addresses, and another one may be the way back.
    for (const other of this.#peers) if (other.nodeId === peer.nodeId) this.#dialLater(other);
  }

  #neverLinked(
    driver: LinkDriver,
    dialled: Peer | undefined,
    why: CloseReason,
    message: string,
  ): void {
    if (dialled === undefined) {
      if (why === 'stranger' || why === 'version') {
        this.#parts.report({
          type: 'refused',
          address: driver.link.remoteAddress,
          reason: message,
          versionMismatch: why === 'version',
        });
      }
      return;
    }
    // Given up on purpose, or because the peer is linked: the end of that link will dial again.
    if (this.#state !== 'running' || !this.#peers.includes(dialled) || this.#isLinked(dialled))
      return;
    this.#dialFailed(dialled, message, why === 'version');
  }

  #isLinked(peer: Peer): boolean {
    if (peer.link !== undefined) return true;
    return (
      peer.nodeId !== '' &&
      this.#peers.some((other) => other.nodeId === peer.nodeId && other.link !== undefined)
    );
  }
}

function holdingsOf(link: LinkDriver, { nodeId, name }: Peer): PeerHoldings {
  return { nodeId, name: link.name || name, positions: link.holdings() };
}
