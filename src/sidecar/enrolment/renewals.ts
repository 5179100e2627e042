// Certificates are renewed over the mesh: a member writes that it wants the next one, and any hub with the role issuer that sees it signs
// it. Neither needs a link to the other, and two that sign at once do no harm.
//
//   a third of its life is over ──► renewals/{member} { "generation": 3 } ──mesh──► hub signs 4 ──statements──► member keeps it
import {
  type Certificate,
  EXPIRY_NOTICE_MS,
  isRenewalDue,
  mayIssue,
  mayRenew,
  type NodeId,
  nextCertificate,
  type Random,
  type Timers,
} from '../../core/index.ts';
import type { BelievedTime } from '../trust/believed-time.ts';
import type { NodeDocuments } from './node-documents.ts';
import { isIssuer, issue, type ReissueParts } from './reissue.ts';

export const RENEWALS = 'renewals';
const LOOK_EVERY_MS = 3_600_000;
/** Hubs that see one wish at once shall not all sign. */
const HUB_WAITS_MS = 30_000;
/** Signed at a time; the others a moment later. */
const BATCH = 64;
const DAY_MS = 86_400_000;
const MAX_NAMED = 5;

export interface RenewalsParts extends ReissueParts {
  readonly nodeId: NodeId;
  /** Of the collection `renewals`. */
  readonly documents: Pick<NodeDocuments, 'amend' | 'others'>;
  readonly random: Random;
  readonly timers: Timers;
  readonly time: () => BelievedTime;
  /** Of the certificate that the next start begins with; 0 for none. */
  readonly keptGeneration: number;
  /** Keeps the statements that the next start begins with. */
  keepChain(): Promise<void>;
  /** Time went by: about each hour. */
  onLook(): void;
  /** Something was not done, and will be tried again; what is no refusal is a fault of ours. */
  onFault(error: unknown): void;
}

export class Renewals {
  readonly #parts: RenewalsParts;
  #keptGeneration: number;
  /** Why the newest certificate is not written down. */
  #keepTrouble: string | undefined;
  #last: Promise<void> = Promise.resolve();
  #cancelLook: () => void = () => {};
  #cancelSigning: (() => void) | undefined;
  #isClosed = false;

  constructor(parts: RenewalsParts) {
    this.#parts = parts;
    this.#keptGeneration = parts.keptGeneration;
  }

  start(): void {
    this.#look();
  }

  /** Documents of others were read. */
  read(): void {
    this.#signSoon();
  }

  /** Statements came in: there may be a new certificate. */
  stated(): void {
    this.#check();
  }

  /** Idempotent. */
  close(): void {
    this.#isClosed = true;
    this.#cancelLook();
    this.#cancelSigning?.();
  }

  /** What an operator is to know of certificates that end, one sentence each: the own one, and for a hub those of others. */
  warnings(): readonly string[] {
    const { trust } = this.#parts.trust;
    const nowMs = this.#nowMs;
    const own = this.#own();
    const mine = own === undefined || !isNearEnd(own, nowMs) ? [] : [describeOwn(own, nowMs)];
    if (this.#keepTrouble !== undefined) {
      mine.push(`the renewed certificate could not be written down: ${this.#keepTrouble}`);
    }
    if (!this.#isIssuer) return mine;
    const others = [...trust.members.values()]
      .filter(({ key, ejected }) => key !== this.#parts.nodeId && ejected === undefined)
      .flatMap(({ certificates: [current] }) =>
        current !== undefined && isNearEnd(current, nowMs) ? [current] : [],
      )
      .toSorted((a, b) => a.expiresMs - b.expiresMs);
    const named = others
      .slice(0, MAX_NAMED)
      .map((one) => `the certificate of ${one.name} ${endOf(one, nowMs)}`);
    const left = others.length - named.length;
    return [
      ...mine,
      ...named,
      ...(left > 0 ? [`${left} more certificates end within 30 days`] : []),
    ];
  }

  #look(): void {
    this.#check();
    this.#signSoon();
    this.#parts.onLook();
    // Not all at the same moment of the hour.
    const afterMs = LOOK_EVERY_MS * (0.5 + 0.5 * this.#parts.random.fraction());
    this.#cancelLook = this.#parts.timers.after(afterMs, () => this.#look());
  }

  /** Asks for the next certificate when it is time, and keeps the one that came. */
  #check(): void {
    this.#last = this.#last
      .then(() => this.#checkNow())
      .catch((error: unknown) => this.#parts.onFault(error));
  }

  async #checkNow(): Promise<void> {
    const { documents, keepChain, report } = this.#parts;
    const own = this.#own();
    if (own === undefined || this.#isClosed) return;
    const { generation, expiresMs } = own;
    if (generation > this.#keptGeneration) {
      this.#keepTrouble = await keepChain().then(() => undefined, wordsOf);
      if (this.#keepTrouble === undefined) {
        this.#keptGeneration = generation;
        report({ type: 'certificate-renewed', generation, expiresMs });
      }
    }
    const { wallMs, isGuess } = this.#parts.time();
    // A clock that is wrong by years shall not have every certificate renewed.
    if (!isGuess && isRenewalDue(own, wallMs)) await documents.amend({ generation });
  }

  #signSoon(): void {
    if (this.#isClosed || this.#cancelSigning !== undefined || this.#wanted().length === 0) return;
    const afterMs = HUB_WAITS_MS * this.#parts.random.fraction();
    this.#cancelSigning = this.#parts.timers.after(afterMs, () => {
      this.#cancelSigning = undefined;
      void this.#sign()
        .catch((error: unknown) => this.#parts.onFault(error))
        .then(() => this.#signSoon());
    });
  }

  /** Looked at anew: another hub may have been first. */
  async #sign(): Promise<void> {
    for (const current of this.#wanted().slice(0, BATCH)) {
      await issue(this.#parts, nextCertificate(current, this.#nowMs));
    }
  }

  /** Certificates whose holders want the next one, and may have it of this node. */
  #wanted(): readonly Certificate[] {
    const { wallMs, isSuspect } = this.#parts.time();
    // What is signed by a wrong clock is of no use to anybody, or for too long.
    if (!this.#isIssuer || isSuspect) return [];
    const { trust } = this.#parts.trust;
    return [...this.#parts.documents.others].flatMap(([nodeId, { generation }]) => {
      const member = trust.members.get(nodeId);
      if (typeof generation !== 'number' || !mayRenew(member, generation, wallMs)) return [];
      return member.certificates.slice(0, 1);
    });
  }

  get #isIssuer(): boolean {
    return isIssuer(this.#parts.trust.trust, this.#parts.nodeId);
  }

  #own(): Certificate | undefined {
    return currentOf(this.#parts.trust.trust.members, this.#parts.nodeId);
  }

  get #nowMs(): number {
    return this.#parts.time().wallMs;
  }
}

function currentOf(
  members: ReadonlyMap<NodeId, { readonly certificates: readonly Certificate[] }>,
  key: NodeId,
): Certificate | undefined {
  return members.get(key)?.certificates[0];
}

function isNearEnd({ expiresMs }: Certificate, nowMs: number): boolean {
  return nowMs >= expiresMs - EXPIRY_NOTICE_MS;
}

function describeOwn(own: Certificate, nowMs: number): string {
  const advice = mayIssue(own.roles)
    ? 'it is renewed as soon as a hub with the role issuer is heard of'
    : 'only the root key renews it';
  return `the certificate of this node ${endOf(own, nowMs)}; ${advice}`;
}

function endOf({ expiresMs }: Certificate, nowMs: number): string {
  const day = new Date(expiresMs).toISOString().slice(0, 10);
  if (nowMs >= expiresMs) return `ended on ${day}`;
  const days = Math.ceil((expiresMs - nowMs) / DAY_MS);
  return `ends on ${day}, in ${days} ${days === 1 ? 'day' : 'days'}`;
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
