// The statements that the next start begins with, on the disk: those that lead to the own certificate, and to that of the next key.
import type { NodeId, TrustSet } from '../../core/index.ts';

export class StartChain {
  readonly #trust: TrustSet;
  readonly #keys: Set<NodeId>;
  readonly #store: (statements: readonly Uint8Array[]) => Promise<void>;
  #last: Promise<unknown> = Promise.resolve();

  /** `store` replaces what was kept before. */
  constructor(
    trust: TrustSet,
    nodeId: NodeId,
    store: (statements: readonly Uint8Array[]) => Promise<void>,
  ) {
    this.#trust = trust;
    this.#keys = new Set([nodeId]);
    this.#store = store;
  }

  /** Keeps what leads to this key as well, from now on. Rejects as the store does. */
  keepFor(key: NodeId): Promise<void> {
    this.#keys.add(key);
    return this.keep();
  }

  /** As the trust is now; one time after the other. Rejects as the store does. */
  keep(): Promise<void> {
    const kept = this.#last.then(() => this.#store(this.#statements()));
    this.#last = kept.catch(() => undefined);
    return kept;
  }

  #statements(): Uint8Array[] {
    const chains = [...this.#keys].flatMap((key) => this.#trust.chainOf(key));
    const byId = new Map([this.#trust.genesis, ...chains].map((one) => [one.id, one.bytes]));
    return [...byId.values()];
  }
}
