// Dials the contacts that are due and resolves their names, as the plan says, and plans again when something happened or time passed.
import type { NodeId } from '../core/index.ts';
import type { LinkRules } from './link-rules.ts';
import type { MeshParts } from './mesh-parts.ts';
import { lookUp } from './name-lookup.ts';
import type { OperatorPauses } from './operator-pauses.ts';
import type { PeerTable } from './peer-table.ts';
import { type Contact, type ContactBook, type Neighbour, planDials } from './protocol/index.ts';
import { LINK_PATHS, type Link } from './transport/transport.ts';

export interface DiallerParts {
  readonly mesh: MeshParts;
  readonly book: ContactBook;
  readonly peers: PeerTable;
  readonly pauses: OperatorPauses;
  readonly rules: LinkRules;
  isRunning(): boolean;
  onDial(contact: Contact): void;
  onLink(link: Link, contact: Contact): void;
  /** A link of our own dialling is one too many. */
  onSurplus(nodeId: NodeId): void;
}

export class Dialler {
  readonly #parts: DiallerParts;
  /** What ends an attempt, by its contact. */
  readonly #attempts = new Map<Contact, AbortController>();
  #cancelPlan: (() => void) | undefined;
  #isPlanning = false;
  #mustPlanAgain = false;

  constructor(parts: DiallerParts) {
    this.#parts = parts;
  }

  /** Starts what is due. To be called whenever contacts, links or pauses changed. */
  plan(): void {
    // What is started may end at once and change everything.
    this.#mustPlanAgain = this.#isPlanning;
    if (this.#isPlanning) return;
    this.#isPlanning = true;
    try {
      do {
        this.#mustPlanAgain = false;
        this.#planOnce();
      } while (this.#mustPlanAgain);
    } finally {
      this.#isPlanning = false;
    }
  }

  /** Ends all attempts and plans nothing more until `plan`. */
  stop(): void {
    this.#cancelPlan?.();
    this.#cancelPlan = undefined;
    for (const contact of [...this.#attempts.keys()]) this.cancel(contact);
  }

  /** Ends the attempt at a contact, if there is one. */
  cancel(contact: Contact): void {
    const attempt = this.#attempts.get(contact);
    if (attempt === undefined) return;
    this.#attempts.delete(contact);
    this.#parts.book.cancelled(contact);
    attempt.abort();
  }

  /** An attempt failed, here or in the greeting. */
  failed(contact: Contact, reason: string, versionMismatch = false): void {
    const { book, mesh } = this.#parts;
    const { address } = contact;
    const isGivenUp = book.failed(contact, reason, this.#nowMs());
    const { attempts } = contact;
    if (isGivenUp) mesh.report({ type: 'contact-given-up', address, reason, attempts });
    else if (this.#isTold(contact)) {
      const triesOn = !contact.isSelf;
      mesh.report({ type: 'dial-failed', address, reason, attempts, versionMismatch, triesOn });
    }
    this.plan();
  }

  #planOnce(): void {
    const { book, isRunning, mesh, onSurplus, pauses, peers, rules } = this.#parts;
    this.#cancelPlan?.();
    this.#cancelPlan = undefined;
    if (!isRunning()) return;
    const nowMs = this.#nowMs();
    book.expire((nodeId) => peers.isLinked(nodeId), nowMs);
    for (const contact of this.#attempts.keys()) if (!book.has(contact)) this.cancel(contact);
    const scene = {
      self: mesh.membership.nodeId,
      nowMs,
      contacts: book.contacts(),
      neighbours: this.#neighbours(),
      isPaused: (contact: Contact) => pauses.covers(contact, contact.nodeId),
      isEjected: (nodeId: NodeId) => mesh.membership.certified?.isEjected?.(nodeId) === true,
      isQuiet: (contact: Contact) => rules.quietReasonOf(contact) !== undefined,
    };
    const plan = planDials(scene, mesh.chooseNeighbours);
    for (const peer of peers.all()) {
      if (!plan.unwanted.has(peer.nodeId)) peer.unwantedSinceMs = undefined;
      else peer.unwantedSinceMs ??= nowMs;
    }
    for (const contact of plan.resolve) this.#resolve(contact);
    for (const contact of plan.dial) this.#dial(contact);
    for (const nodeId of plan.surplus) onSurplus(nodeId);
    if (plan.againAtMs === undefined) return;
    this.#cancelPlan = mesh.timers.after(plan.againAtMs - nowMs, () => this.plan());
  }

  #neighbours(): ReadonlyMap<NodeId, Neighbour> {
    const neighbours = new Map<NodeId, Neighbour>();
    for (const { nodeId, link, unwantedSinceMs } of this.#parts.peers.all()) {
      if (link === undefined) continue;
      const { path, initiator } = link.link;
      neighbours.set(nodeId, {
        pathRank: LINK_PATHS.indexOf(path),
        isOwnDial: initiator,
        unwantedSinceMs,
      });
    }
    return neighbours;
  }

  #dial(contact: Contact): void {
    const { book, mesh, onDial, onLink } = this.#parts;
    onDial(contact);
    this.#attempt(
      contact,
      (signal) => mesh.transport.dial(contact.address, signal),
      (link) => {
        // It is under way until its greeting is over.
        book.began(contact);
        onLink(link, contact);
      },
      (reason) => this.failed(contact, reason),
      (link) => link.destroy('no longer wanted'),
    );
  }

  #resolve(contact: Contact): void {
    const { book, mesh, peers } = this.#parts;
    const { resolver, timers } = mesh;
    if (resolver === undefined) return;
    this.#attempt(
      contact,
      (signal) => lookUp(contact.address, { resolver, timers, signal }),
      (addresses) => {
        book.resolved(contact, addresses, (nodeId) => peers.isLinked(nodeId), this.#nowMs());
        this.plan();
      },
      (reason) => {
        book.unresolved(contact, reason, this.#nowMs());
        const { address, attempts } = contact;
        if (!this.#leadsSomewhere(new Set([address]))) {
          mesh.report({
            ...{ type: 'dial-failed', address, reason, attempts },
            ...{ versionMismatch: false, triesOn: true },
          });
        }
        this.plan();
      },
      () => undefined,
    );
  }

  /** One attempt, of which nothing is heard any more once it is cancelled. */
  #attempt<Result>(
    contact: Contact,
    start: (signal: AbortSignal) => Promise<Result>,
    succeed: (result: Result) => void,
    fail: (reason: string) => void,
    discard: (result: Result) => void,
  ): void {
    const abort = new AbortController();
    this.#attempts.set(contact, abort);
    this.#parts.book.began(contact);
    start(abort.signal).then(
      (result) => {
        if (abort.signal.aborted) return discard(result);
        this.#attempts.delete(contact);
        succeed(result);
      },
      (error: unknown) => {
        // Whoever gave it up has planned already what comes next.
        if (abort.signal.aborted) return;
        this.#attempts.delete(contact);
        fail(error instanceof Error ? error.message : String(error));
      },
    );
  }

  /** What was found may well be stale. And of a name that leads somewhere one address may lead nowhere, as IPv6 often does. */
  #isTold({ isKept, names, sources }: Contact): boolean {
    return isKept && (sources.size > 0 || !this.#leadsSomewhere(names));
  }

  /** Whether a member is linked that was met at an address of one of these names. */
  #leadsSomewhere(names: ReadonlySet<string>): boolean {
    const { book, peers } = this.#parts;
    return book
      .contacts()
      .some(
        (one) =>
          one.nodeId !== undefined &&
          peers.isLinked(one.nodeId) &&
          !names.isDisjointFrom(one.names),
      );
  }

  #nowMs(): number {
    return this.#parts.mesh.clock.now().monotonicMs;
  }
}
