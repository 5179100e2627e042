// What is configured for links by their class: which class a link has, what it may carry, and when it must be silent.
import type { Clock, Timers } from '../core/index.ts';
import { classOfLink, type LinkClass, type LinkClassRule } from './link-class.ts';
import type { LinkDriver } from './link-driver.ts';
import type { MeshReport } from './mesh-report.ts';
import type { Peer } from './peer.ts';
import { describeQuiet, type QuietSpan } from './quiet-hours.ts';
import { QuietWatch } from './quiet-watch.ts';
import type { Link } from './transport/transport.ts';

/** Bytes a second that may be sent over a link: by the address a peer is dialled at, else by class, else the default. */
export interface LinkBudgets {
  readonly default: number | undefined;
  readonly byAddress: ReadonlyMap<string, number>;
  readonly byClass?: ReadonlyMap<LinkClass, number>;
}

export interface LinkRulesParts {
  readonly clock: Clock;
  readonly timers: Timers;
  /** The first that matches counts. */
  readonly classes?: readonly LinkClassRule[] | undefined;
  /** None where this is left out. */
  readonly budgets?: LinkBudgets | undefined;
  readonly quietHours?: readonly QuietSpan[] | undefined;
}

/** The mesh whose links are ruled. */
interface RuledMesh {
  peers(): readonly Peer[];
  /** All links, also those in greeting. */
  links(): readonly LinkDriver[];
  /** Dials a peer unless it is linked. */
  dial(peer: Peer): void;
  report(report: MeshReport): void;
}

const DHT_PREFIX = 'dht:';

export class LinkRules {
  readonly #parts: LinkRulesParts;
  readonly #mesh: RuledMesh;
  readonly #watch: QuietWatch;

  constructor(parts: LinkRulesParts, mesh: RuledMesh) {
    this.#parts = parts;
    this.#mesh = mesh;
    this.#watch = new QuietWatch({
      clock: parts.clock,
      timers: parts.timers,
      spans: parts.quietHours ?? [],
      onQuiet: (linkClass, untilMs) => this.#silence(linkClass, describeQuiet(linkClass, untilMs)),
      onOver: (linkClass) => this.#speak(linkClass),
    });
  }

  close(): void {
    this.#watch.close();
  }

  /** The class of a link; `dialled` is the address that led to it, empty for one that came. */
  classOf(link: Pick<Link, 'path' | 'remoteAddress'>, dialled: string): LinkClass {
    const { path, remoteAddress } = link;
    return classOfLink(this.#parts.classes ?? [], { path, addresses: [dialled, remoteAddress] });
  }

  /** The class that a link to an address will have, as far as the address tells. */
  classOfAddress(address: string): LinkClass {
    const path = address.startsWith(DHT_PREFIX) ? 'dht' : 'lan';
    return this.classOf({ path, remoteAddress: '' }, address);
  }

  /** Bytes a second; undefined for no limit. */
  budgetOf(address: string, linkClass: LinkClass): number | undefined {
    const { budgets } = this.#parts;
    return budgets?.byAddress.get(address) ?? budgets?.byClass?.get(linkClass) ?? budgets?.default;
  }

  /** Whether a peer must not be dialled now, as far as its address tells. */
  isQuiet(peer: Peer): boolean {
    // From the first link on that is made or comes.
    this.#watch.start();
    return this.quietReason(this.classOfAddress(peer.address)) !== undefined;
  }

  /** Closes a new link whose class must be silent. `dialled` is the peer whose address led to it. True when it did. */
  silences(link: Link, dialled: Peer | undefined): boolean {
    this.#watch.start();
    const reason = this.quietReason(this.classOf(link, dialled?.address ?? ''));
    if (reason === undefined) return false;
    link.destroy(reason);
    if (dialled === undefined) {
      const { remoteAddress: address } = link;
      this.#mesh.report({ type: 'refused', address, reason, versionMismatch: false });
    } else {
      // Its address did not tell. It is dialled again when the class may speak.
      dialled.cancel = undefined;
      dialled.lastError = reason;
    }
    return true;
  }

  /** Why a class must be silent now, for people; undefined where it may speak. */
  quietReason(linkClass: LinkClass): string | undefined {
    const untilMs = this.#watch.until(linkClass);
    return untilMs === undefined ? undefined : describeQuiet(linkClass, untilMs);
  }

  #silence(linkClass: LinkClass, reason: string): void {
    for (const peer of this.#mesh.peers()) {
      if (peer.linkClass(this) !== linkClass) continue;
      peer.cancel?.();
      peer.cancel = undefined;
    }
    const links = this.#mesh.links().filter((link) => link.linkClass === linkClass);
    for (const link of links) link.end('paused', reason);
    this.#mesh.report({ type: 'quiet', linkClass, reason, closed: links.length });
  }

  #speak(linkClass: LinkClass): void {
    this.#mesh.report({ type: 'quiet-over', linkClass });
    for (const peer of this.#mesh.peers()) {
      // Nothing is planned for those that were quiet, whatever their address tells of their class.
      if (peer.cancel !== undefined || peer.link !== undefined) continue;
      peer.attempts = 0;
      this.#mesh.dial(peer);
    }
  }
}
