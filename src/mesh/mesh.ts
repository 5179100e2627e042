// The mesh: knows at which addresses members may be reached, has them dialled, keeps one link a peer, and tells the sessions what is new.
import type { EncodedFork, FeedId, FeedPosition, NodeId } from '../core/index.ts';
import { Dialler } from './dialler.ts';
import { EnrolDoor } from './enrol-door.ts';
import type { LinkClass } from './link-class.ts';
import { LinkRules } from './link-rules.ts';
import { Links } from './links.ts';
import type { MeshFigures, MeshParts, PeerHoldings } from './mesh-parts.ts';
import { OperatorPauses, PAUSED_MESH, PAUSED_MESH_HERE } from './operator-pauses.ts';
import { PeerTable } from './peer-table.ts';
import { type PeerView, viewPeers } from './peer-view.ts';
import { type Contact, ContactBook, type ContactSource, type Offer } from './protocol/index.ts';
import { isNamedHost, parsePeerAddress } from './transport/address.ts';

/** Who named an address that is dialled for ever. */
export interface PeerOrigin {
  readonly source?: 'configured' | 'added' | undefined;
  /** Nobody else is taken there. */
  readonly nodeId?: NodeId | undefined;
}

export class Mesh {
  readonly #parts: MeshParts;
  readonly #book: ContactBook;
  readonly #peers: PeerTable;
  readonly #pauses = new OperatorPauses();
  readonly #links: Links;
  readonly #dialler: Dialler;
  readonly #rules: LinkRules;
  readonly #door: EnrolDoor | undefined;
  #address = '';
  #state: 'running' | 'paused' | 'closed' = 'running';

  constructor(parts: MeshParts) {
    this.#parts = parts;
    const book = new ContactBook(() => parts.random.fraction());
    const peers = new PeerTable((nodeId) => book.of(nodeId).length > 0);
    this.#book = book;
    this.#peers = peers;
    const { clock, answerEnrolment: answer } = parts;
    this.#door = answer && new EnrolDoor({ clock, answer });
    this.#rules = new LinkRules(parts, {
      onQuiet: (linkClass, reason) => this.#silence(linkClass, reason),
      onOver: (linkClass) => this.#speak(linkClass),
    });
    const common = {
      ...{ mesh: parts, book, peers, pauses: this.#pauses, rules: this.#rules },
      isRunning: () => this.#state === 'running',
    };
    this.#links = new Links({
      ...common,
      onFailed: (contact, reason, versionMismatch) =>
        this.#dialler.failed(contact, reason, versionMismatch),
      onChanged: () => this.#dialler.plan(),
    });
    this.#dialler = new Dialler({
      ...common,
      onDial: (contact) => this.#links.tally.dialled(contact, (nodeId) => peers.get(nodeId)),
      onLink: (link, contact) => this.#links.reached(link, contact),
      onSurplus: (nodeId) => this.#links.endSurplus(nodeId),
    });
  }

  /** Address others dial; empty when not listening. */
  get address(): string {
    return this.#address;
  }

  get paused(): boolean {
    return this.#state === 'paused';
  }

  /** Whether members may be looked for in that way now: nothing is sent while the mesh, or the class of such links, is silent. */
  mayLook(source: 'multicast' | 'dht'): boolean {
    return this.#state === 'running' && this.#rules.maySpeak(source);
  }

  peers(): PeerView[] {
    return viewPeers({
      contacts: this.#book.contacts(),
      peers: this.#peers,
      pausedByKey: this.#pauses.nameByKey,
      pauseOf: (contact, nodeId) =>
        this.paused ? PAUSED_MESH_HERE : this.#pauses.reason(contact, nodeId),
      rules: this.#rules,
    });
  }

  /** What the peers hold that are linked now. */
  holdings(): PeerHoldings[] {
    return this.#links.holdings();
  }

  /** What its links have done and what is known to be missing, for whoever watches it. */
  figures(): MeshFigures {
    const { guests, pull, tally } = this.#links;
    return {
      ...tally.figures(this.#links.all),
      greeting: guests.figure,
      missing: pull.shortfall(),
    };
  }

  /** How many commits of each author some linked peer has that are not held here. */
  lags(): Map<NodeId, number> {
    return this.#links.pull.lags();
  }

  /** Starts to accept links. Rejects when the port is taken. */
  async listen(): Promise<void> {
    this.#rules.start();
    this.#address = await this.#parts.transport.listen({
      onLink: (link) => {
        if (this.#state === 'running') this.#links.accept(this.#door?.watch(link) ?? link);
        else link.destroy('the mesh is paused');
      },
      onRefused: (address, reason) =>
        this.#parts.report({ type: 'refused', address, reason, versionMismatch: false }),
    });
  }

  /** Dials an address from now on, for ever. False when it is known already. */
  addPeer(address: string, { source = 'configured', nodeId }: PeerOrigin = {}): boolean {
    return this.offer({ address, source, nodeId });
  }

  /** Addresses that are dialled for ever. */
  namedAddresses(): readonly string[] {
    return this.#book
      .contacts()
      .filter(isNamed)
      .map(({ address }) => address);
  }

  /** Forgets an address that an operator named, and closes its link. False when it is not known. */
  removePeer(address: string): boolean {
    const contact = this.#book.get(address);
    if (contact === undefined || !isNamed(contact)) return false;
    const led = this.#linkedBy(contact);
    for (const source of ['configured', 'added'] as const) this.#book.withdraw(source, address);
    for (const nodeId of led) {
      const peer = this.#peers.get(nodeId);
      if (peer === undefined) continue;
      const isOnlyWay = !this.#book.of(nodeId).some((other) => other.isKept);
      const { led: way } = peer;
      if (isOnlyWay || (way !== undefined && !this.#book.has(way))) this.#links.endRemoved(peer);
      if (this.#book.of(nodeId).length === 0) this.#peers.forget(nodeId);
    }
    this.#dialler.plan();
    return true;
  }

  /** A source found an address. Whether and when it is dialled is decided here. False when that is no news. */
  offer(offer: Omit<Offer, 'isName'>): boolean {
    if (offer.nodeId === this.#parts.membership.nodeId) return false;
    this.#rules.start();
    const isNew = this.#book.offer(
      { ...offer, isName: this.#isName(offer.address) },
      this.#nowMs(),
    );
    if (isNew) this.#dialler.plan();
    return isNew;
  }

  /** A source takes back what it offered. A link that it led to stays. */
  withdraw(source: ContactSource, address: string): void {
    if (this.#book.withdraw(source, address)) this.#dialler.plan();
  }

  /** The network is another one than before: everything that waits is tried again soon. */
  networkChanged(): void {
    this.#book.networkChanged(this.#nowMs());
    this.#dialler.plan();
  }

  /** Closes every link and makes none until `resume`. Returns how many were closed. */
  pause(): number {
    if (this.#state !== 'running') return 0;
    this.#state = 'paused';
    this.#dialler.stop();
    return this.#links.endAll('paused', PAUSED_MESH, PAUSED_MESH_HERE);
  }

  resume(): void {
    if (this.#state !== 'paused') return;
    this.#state = 'running';
    this.#book.restart(this.#nowMs());
    this.#dialler.plan();
  }

  /**
   * Closes the link of a peer and makes none until `resumePeer`. `peer` is its node id, or an address at which nobody was met yet.
   * `name` is for people. Returns how many links were closed.
   */
  pausePeer(peer: string, name = ''): number {
    this.#pauses.add(peer, name);
    for (const contact of this.#book.contacts()) {
      if (this.#pauses.covers(contact, contact.nodeId)) this.#dialler.cancel(contact);
    }
    let closed = 0;
    for (const nodeId of this.#coveredBy(peer)) {
      const known = this.#peers.get(nodeId);
      if (known !== undefined) closed += this.#links.endPaused(known);
    }
    this.#dialler.plan();
    return closed;
  }

  /** False when it was not paused alone. */
  resumePeer(peer: string): boolean {
    if (!this.#pauses.delete(peer)) return false;
    this.#book.restart(
      this.#nowMs(),
      ({ address, names, nodeId }) => nodeId === peer || address === peer || names.has(peer),
    );
    this.#dialler.plan();
    return true;
  }

  /** Takes what comes and sends no commits and no proofs, over any link, until it is turned off. Then all that waited goes out. */
  receiveOnly(on: boolean): void {
    this.#links.mute(on);
  }

  /** Feeds grew here: every session may have something to send. */
  advanced(positions: readonly FeedPosition[]): void {
    for (const link of this.#links.current) link.take({ type: 'advanced', positions });
    this.#links.pull.advanced(positions);
  }

  /** Feeds are not held here any more: nobody is sent them, and nobody is asked for them. */
  forgotten(feeds: readonly FeedId[]): void {
    for (const link of this.#links.all) link.take({ type: 'forgotten', feeds });
    this.#links.pull.forgotten(feeds);
  }

  /** Feeds turned out to be void: every peer hears of it. */
  proved(forks: readonly EncodedFork[]): void {
    for (const link of this.#links.current) link.take({ type: 'proved', forks });
  }

  /** Statements of trust came in: every peer hears of them, and whoever is no member any more is let go. */
  stated(): void {
    for (const link of this.#links.current) link.take({ type: 'stated' });
    const { certified } = this.#parts.membership;
    this.#links.pull.dropEnded();
    for (const peer of [...this.#peers.all()]) {
      const doubt = peer.link && certified?.doubt(peer.nodeId, peer.link.chain);
      if (doubt !== undefined) this.#links.endPeer(peer, 'ejected', doubt);
      else if (peer.link?.isRestricted === true && certified?.isExpired?.(peer.nodeId) === false)
        this.#links.endPeer(peer, 'renewal', 'its certificate was renewed');
    }
  }

  /** Peers know of more than is held here, or of more that counts than they were asked for: every link is made anew. */
  compareAnew(): void {
    this.#links.endAll('renewal', 'what counts is another than before: all is compared anew');
    this.#links.pull.forgetAll();
  }

  /** Says goodbye, closes all links and the listener. Idempotent. */
  async close(): Promise<void> {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#rules.close();
    this.#dialler.stop();
    this.#links.endAll('stopping', 'it stops');
    this.#links.pull.close();
    await this.#parts.transport.close();
  }

  /** Quiet hours begin: links of the class end, and none is made. */
  #silence(linkClass: LinkClass, reason: string): void {
    for (const contact of this.#book.contacts()) {
      if (this.#rules.classOfContact(contact) === linkClass) this.#dialler.cancel(contact);
    }
    const closed = this.#links.endClass(linkClass, reason);
    this.#parts.report({ type: 'quiet', linkClass, reason, closed });
    this.#dialler.plan();
  }

  #speak(linkClass: LinkClass): void {
    this.#parts.report({ type: 'quiet-over', linkClass });
    const isOfClass = (one: Contact) => this.#rules.classOfContact(one) === linkClass;
    this.#book.restart(this.#nowMs(), isOfClass);
    this.#dialler.plan();
  }

  #isName(address: string): boolean {
    const parsed = this.#parts.resolver && parsePeerAddress(address);
    return parsed !== undefined && isNamedHost(parsed);
  }

  /** The members that a contact, or what a name resolved to, stands for. */
  #linkedBy({ address, nodeId }: Contact): ReadonlySet<NodeId> {
    const children = this.#book.contacts().filter(({ names }) => names.has(address));
    return new Set([nodeId, ...children.map((child) => child.nodeId)].flatMap((id) => id ?? []));
  }

  #coveredBy(peer: string): ReadonlySet<NodeId> {
    const contact = this.#book.get(peer);
    return contact === undefined ? new Set([peer]) : this.#linkedBy(contact);
  }

  #nowMs(): number {
    return this.#parts.clock.now().monotonicMs;
  }
}

/** By an operator, and not only by a name that resolved to it. */
function isNamed({ sources }: Contact): boolean {
  return sources.has('configured') || sources.has('added');
}
