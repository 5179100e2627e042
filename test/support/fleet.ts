// A fleet with certificates for tests and simulations: its root, whoever was let in by whom, and what each is founded with.
import { toHex, utf8 } from '../../src/core/index.ts';
import type { Certificate, Role, Statement } from '../../src/core/trust/index.ts';
import { deriveNodeKey, type NodeKey } from '../../src/sidecar/identity/node-key.ts';
import { sodiumCrypto } from '../../src/sidecar/sodium-crypto.ts';
import { type Actor, StatedFleet } from '../core/trust/support/fleet.ts';

/** Somebody with all the keys of a sidecar. */
export interface KeyHolder extends Actor {
  readonly nodeKey: NodeKey;
}

/** The same name, or the same 32 bytes of a seed, has the same keys; without a seed those of a `TestFleet` member of that name. */
export function keyHolder(name: string, seed = sodiumCrypto.blake2b(utf8(name))): KeyHolder {
  const nodeKey = deriveNodeKey(seed);
  const { signer } = nodeKey;
  return { name, signer, key: toHex(signer.publicKey), nodeKey };
}

export class FoundedFleet extends StatedFleet {
  readonly #certificates = new Map<string, readonly Statement[]>();

  /** Gives somebody a certificate, by the root where nobody is named. Agents speak for the agent of their name. */
  admit(
    whom: KeyHolder,
    roles: readonly Role[],
    by: Actor = this.root,
    details: Partial<Certificate> = {},
  ): Statement {
    const certificate = this.certify(whom, roles, by, {
      noiseKey: toHex(whom.nodeKey.noise.publicKey),
      ...details,
    });
    this.#certificates.set(whom.key, [...this.certificatesOf(whom), certificate]);
    return certificate;
  }

  /** `MemberParts.founded` of somebody: the genesis, then what leads to the certificates it was given so far, then more. */
  founded(whom: Actor, ...more: readonly Statement[]): Uint8Array[] {
    const own = this.certificatesOf(whom);
    const issuers = new Set(own.map(({ signer }) => signer));
    const chain = [...issuers]
      .filter((key) => key !== whom.key)
      .flatMap((key) => this.certificatesOf({ key }));
    return [this.genesis, ...chain, ...own, ...more].map(({ bytes }) => bytes);
  }

  /** What somebody was given, in the order in which it was. */
  certificatesOf({ key }: Pick<Actor, 'key'>): readonly Statement[] {
    return this.#certificates.get(key) ?? [];
  }
}
