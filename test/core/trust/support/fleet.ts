// A fleet of keys that sign statements about each other, for tests of trust.

import {
  type Annulment,
  type Certificate,
  type Cut,
  type Declaration,
  type Delegation,
  encodeAnnulment,
  encodeCertificate,
  encodeDelegation,
  encodeEjection,
  encodeGenesis,
  encodePolicy,
  encodeRevocation,
  encodeRootChange,
  type Role,
  type Statement,
  signStatement,
  TrustSet,
} from '../../../../src/core/trust/index.ts';
import type { StatementKind } from '../../../../src/core/trust/statement.ts';
import { toHex, utf8 } from '../../../../src/core/values/bytes.ts';
import type { Signer } from '../../../../src/core/values/environment.ts';
import { createSigner, sodiumCrypto } from '../../../../src/sidecar/sodium-crypto.ts';
import { MANUAL_CLOCK_START_MS } from '../../../../src/testing/manual-clock.ts';

/** Three weeks before a manual clock starts: a certificate is neither over then nor due to be renewed. */
export const STATED_MS = MANUAL_CLOCK_START_MS - 21 * 86_400_000;

export interface Actor {
  readonly name: string;
  readonly signer: Signer;
  readonly key: string;
}

/** The same name has the same keys, which are those of a TestNode of that name. */
export function actor(name: string): Actor {
  const signer = createSigner(sodiumCrypto.blake2b(utf8(name)));
  return { name, signer, key: toHex(signer.publicKey) };
}

export class StatedFleet {
  readonly root = actor('root');
  readonly genesis: Statement;
  readonly fleetId: Uint8Array;

  constructor(name = 'lab') {
    const payload = encodeGenesis({
      ...{ name, root: this.root.key, madeAtMs: STATED_MS, nonce: new Uint8Array(16).fill(7) },
    });
    const fleetId = new Uint8Array(32);
    this.genesis = signStatement('genesis', payload, {
      ...{ fleetId, signer: this.root.signer, hash: sodiumCrypto },
    });
    this.fleetId = this.set().fleetId;
  }

  /** A set with these statements, taken in in this order. */
  set(...statements: readonly Statement[]): TrustSet {
    const set = TrustSet.found(this.genesis.bytes, sodiumCrypto);
    if (typeof set === 'string') throw new Error(set);
    for (const { bytes } of statements) set.add(bytes);
    return set;
  }

  sign(kind: StatementKind, payload: Uint8Array, by: Actor): Statement {
    const { fleetId } = this;
    return signStatement(kind, payload, { fleetId, signer: by.signer, hash: sodiumCrypto });
  }

  certify(
    whom: Actor,
    roles: readonly Role[],
    by: Actor,
    details: Partial<Certificate> = {},
  ): Statement {
    const certificate: Certificate = {
      key: whom.key,
      noiseKey: 'aa'.repeat(32),
      sealingKey: 'bb'.repeat(32),
      name: whom.name,
      roles: new Set(roles),
      agents: roles.includes('agent') ? [whom.name] : [],
      collections: [],
      ejectsPrefix: '',
      generation: 1,
      notBeforeMs: STATED_MS,
      expiresMs: STATED_MS + 90 * 86_400_000,
      tokenId: new Uint8Array(0),
      ...details,
    };
    return this.sign('certificate', encodeCertificate(certificate), by);
  }

  eject(whom: Actor, by: Actor, cuts: readonly Cut[] = [], reason = 'lost'): Statement {
    const payload = encodeEjection({ key: whom.key, cuts, reason, madeAtMs: STATED_MS });
    return this.sign('ejection', payload, by);
  }

  annul(whom: Actor, by: Actor, kept: Annulment['kept'] = []): Statement {
    const payload = encodeAnnulment({
      key: whom.key,
      kept,
      reason: 'captured',
      madeAtMs: STATED_MS,
    });
    return this.sign('annulment', payload, by);
  }

  changeRoot(to: Actor, by: Actor, generation: number): Statement {
    const payload = encodeRootChange({ generation, root: to.key, madeAtMs: STATED_MS });
    return this.sign('root-change', payload, by);
  }

  /** For twelve hours from when a manual clock starts, of `restart` for the agent `pump`, unless the details say otherwise. */
  delegate(to: Actor, by: Actor, details: Partial<Delegation> = {}): Statement {
    const payload = encodeDelegation({
      key: to.key,
      kinds: ['restart'],
      agents: ['pump'],
      selector: '',
      notBeforeMs: 0,
      untilMs: MANUAL_CLOCK_START_MS + 12 * 3_600_000,
      madeAtMs: MANUAL_CLOCK_START_MS,
      ...details,
    });
    return this.sign('delegation', payload, by);
  }

  revoke({ id }: Statement, by: Actor, reason = 'lost'): Statement {
    const payload = encodeRevocation({ delegation: id, reason, madeAtMs: MANUAL_CLOCK_START_MS });
    return this.sign('delegation-revoked', payload, by);
  }

  policy(generation: number, declarations: readonly Declaration[], by: Actor): Statement {
    const payload = encodePolicy({ generation, declarations, madeAtMs: STATED_MS });
    return this.sign('policy', payload, by);
  }
}
