// What is configured for links by their class: which class a link has, what it may carry, and when it must be silent.
import type { Clock, Timers } from '../core/index.ts';
import { classOfLink, type LinkClass, type LinkClassRule } from './link-class.ts';
import type { Contact } from './protocol/index.ts';
import { describeQuiet, type QuietSpan } from './quiet-hours.ts';
import { QuietWatch } from './quiet-watch.ts';
import { LINK_PATHS, type Link } from './transport/transport.ts';

/** Bytes a second that may be sent over a link: by an address a peer is dialled at, else by class, else the default. */
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
  /** Links of that class must be silent from now on, for people: why. */
  onQuiet(linkClass: LinkClass, reason: string): void;
  /** They may speak again. */
  onOver(linkClass: LinkClass): void;
}

export class LinkRules {
  readonly #parts: LinkRulesParts;
  readonly #watch: QuietWatch;
  /** Classes of links that contacts led to: an address alone may not tell. */
  readonly #met = new WeakMap<Contact, LinkClass>();

  constructor(parts: LinkRulesParts, mesh: RuledMesh) {
    this.#parts = parts;
    this.#watch = new QuietWatch({
      clock: parts.clock,
      timers: parts.timers,
      spans: parts.quietHours ?? [],
      onQuiet: (linkClass, untilMs) => mesh.onQuiet(linkClass, describeQuiet(linkClass, untilMs)),
      onOver: (linkClass) => mesh.onOver(linkClass),
    });
  }

  /** Tells of quiet hours from now on, and at once of those that last. To be called again at will. */
  start(): void {
    this.#watch.start();
  }

  close(): void {
    this.#watch.close();
  }

  /** The class of a link; of one that came only its remote address tells. What a contact led to is remembered. */
  classOf({ path, remoteAddress }: Link, led: Contact | undefined): LinkClass {
    const addresses = [...addressesOf(led), remoteAddress];
    const linkClass = classOfLink(this.#parts.classes ?? [], { path, addresses });
    if (led !== undefined) this.#met.set(led, linkClass);
    return linkClass;
  }

  /** The class that a link to a contact has, as far as is known; undefined of a name, which may resolve to anything. */
  classOfContact(contact: Contact): LinkClass | undefined {
    if (contact.isName) return undefined;
    const met = this.#met.get(contact);
    if (met !== undefined) return met;
    const path = LINK_PATHS[contact.pathRank] ?? 'relay';
    return classOfLink(this.#parts.classes ?? [], { path, addresses: addressesOf(contact) });
  }

  /** Bytes a second, for a member that is known at these addresses; undefined for no limit. */
  budgetOf(addresses: readonly string[], linkClass: LinkClass): number | undefined {
    const { budgets } = this.#parts;
    const own = addresses.map((one) => budgets?.byAddress.get(one));
    return (
      own.find((one) => one !== undefined) ?? budgets?.byClass?.get(linkClass) ?? budgets?.default
    );
  }

  /** Why a class must be silent now, for people; undefined where it may speak. */
  quietReason(linkClass: LinkClass): string | undefined {
    const untilMs = this.#watch.until(linkClass);
    return untilMs === undefined ? undefined : describeQuiet(linkClass, untilMs);
  }

  /** Why a contact must not be dialled now; undefined where it may, as far as is known. */
  quietReasonOf(contact: Contact): string | undefined {
    const linkClass = this.classOfContact(contact);
    return linkClass === undefined ? undefined : this.quietReason(linkClass);
  }
}

/** As it is dialled: where it is, and the names that led there. */
function addressesOf(contact: Contact | undefined): readonly string[] {
  return contact === undefined ? [] : [contact.address, ...contact.names];
}
