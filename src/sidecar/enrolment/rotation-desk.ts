// What an issuer does about nodes that change their keys: certifies the new one, and puts the old one out where the new one says it ends.
import {
  type Crypto,
  decideRotation,
  encodeEjection,
  formatNodeId,
  mayRetire,
  type NodeId,
  type Random,
  signStatement,
  type Timers,
} from '../../core/index.ts';
import type { NodeDocuments } from './node-documents.ts';
import { isIssuer, issue, type ReissueParts } from './reissue.ts';
import { readFollows, readWish } from './rotation-document.ts';

/** Hubs that see one wish at once shall not all sign; an operator waits for it. */
const HUB_WAITS_MS = 5_000;
/** Signed at a time; the others follow, because statements came in. */
const BATCH = 64;

export interface RotationDeskParts extends ReissueParts {
  readonly nodeId: NodeId;
  readonly crypto: Crypto;
  readonly random: Random;
  readonly timers: Timers;
  readonly documents: Pick<NodeDocuments, 'others'>;
  /** Something was not done, and will be tried again; what is no refusal is a fault of ours. */
  onFault(error: unknown): void;
}

type Work = () => Promise<void>;

export class RotationDesk {
  readonly #parts: RotationDeskParts;
  /** By old key: what was said last of a wish that is not granted. */
  readonly #refusals = new Map<NodeId, string>();
  #cancel: (() => void) | undefined;
  #last: Promise<void> = Promise.resolve();
  #isClosed = false;

  constructor(parts: RotationDeskParts) {
    this.#parts = parts;
  }

  /** Documents were read, or statements came in. */
  look(): void {
    if (this.#isClosed || this.#cancel !== undefined || this.#wanted().length === 0) return;
    const { timers, random, onFault } = this.#parts;
    this.#cancel = timers.after(HUB_WAITS_MS * random.fraction(), () => {
      this.#cancel = undefined;
      this.#last = this.#last.then(() => this.#work()).catch(onFault);
    });
  }

  /** Idempotent. */
  close(): void {
    this.#isClosed = true;
    this.#cancel?.();
  }

  /** Looked at anew: another hub may have been first. */
  async #work(): Promise<void> {
    for (const work of this.#wanted().slice(0, BATCH)) await work();
  }

  #wanted(): readonly Work[] {
    const { trust, nodeId, documents } = this.#parts;
    if (!isIssuer(trust.trust, nodeId)) return [];
    return [...documents.others].flatMap(([author, value]) => {
      const wish = this.#certify(author, readWish(value));
      const follows = this.#retire(author, readFollows(value));
      return [wish, follows].filter((work) => work !== undefined);
    });
  }

  #certify(old: NodeId, wish: ReturnType<typeof readWish>): Work | undefined {
    const { trust, clock, crypto, report } = this.#parts;
    if (wish === undefined || trust.trust.cuts.has(old)) return undefined;
    const now = { nowMs: clock.now().wallMs, verifier: crypto };
    const decision = decideRotation(trust, old, wish, now);
    if (decision.type === 'granted') return undefined;
    if (decision.type === 'refused') {
      this.#refuse(old, decision.reason);
      return undefined;
    }
    return async () => {
      const { certificate } = decision;
      await issue(this.#parts, certificate);
      report({ type: 'rotation-granted', name: certificate.name, nodeId: certificate.key, old });
    };
  }

  /** Told once, until it is another reason. */
  #refuse(old: NodeId, detail: string): void {
    if (this.#refusals.get(old) === detail) return;
    this.#refusals.set(old, detail);
    const name = this.#nameOf(old);
    this.#parts.report({ type: 'rotation-refused', name, nodeId: old, detail });
  }

  #retire(heir: NodeId, follows: ReturnType<typeof readFollows>): Work | undefined {
    const { trust, nodeId } = this.#parts;
    if (follows === undefined) return undefined;
    const { key: old, cuts } = follows;
    if (!mayRetire(trust.trust, nodeId, { heir, old })) return undefined;
    return async () => {
      const { signer, crypto, clock, state, report } = this.#parts;
      const reason = `superseded by ${formatNodeId(heir, crypto)}`;
      const madeAtMs = Math.floor(clock.now().wallMs);
      const payload = encodeEjection({ key: old, cuts, reason, madeAtMs });
      const by = { fleetId: trust.fleetId, signer, hash: crypto };
      await state([signStatement('ejection', payload, by).bytes]);
      report({ type: 'key-retired', name: this.#nameOf(heir), nodeId: old });
    };
  }

  #nameOf(key: NodeId): string {
    return this.#parts.trust.trust.members.get(key)?.certificates[0]?.name ?? '';
  }
}
