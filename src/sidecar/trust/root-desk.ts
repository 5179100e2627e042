// What is signed with the root key: in the process of whoever holds it, over statements that a sidecar gave out, and never in the sidecar.
import {
  type Certificate,
  type Cut,
  certificateOf,
  type Declaration,
  encodeAnnulment,
  encodeCertificate,
  encodeEjection,
  encodePolicy,
  encodeRootChange,
  laneByNumber,
  type NodeId,
  type Role,
  readCertificate,
  type Signer,
  type Statement,
  type StatementId,
  type StatementKind,
  signStatement,
  type Trust,
  type TrustSet,
  toHex,
} from '../../core/index.ts';
import { sodiumCrypto } from '../sodium-crypto.ts';
import { StartupError } from '../startup-error.ts';
import { nameOfKey } from './member-rows.ts';
import { openTrust } from './member-trust.ts';

export interface RootDeskParts {
  /** The genesis first. */
  readonly statements: readonly Uint8Array[];
  readonly root: Signer;
  /** Milliseconds since 1970. */
  readonly nowMs: number;
}

/** Where a feed ends, with the lane as the wire has it. */
export interface FeedEnd extends Pick<Cut, 'incarnation' | 'seq' | 'hash'> {
  readonly laneNumber: number;
}

/** A statement that somebody signed, in words. */
export interface SignedRow {
  readonly id: StatementId;
  readonly what: string;
}

export class RootDesk {
  readonly #set: TrustSet;
  readonly #root: Signer;
  readonly #nowMs: number;

  /** Throws StartupError for a key that is not the present root of the fleet. */
  constructor({ statements, root, nowMs }: RootDeskParts) {
    this.#set = openTrust(statements, [], sodiumCrypto);
    this.#root = root;
    this.#nowMs = Math.floor(nowMs);
    const key = toHex(root.publicKey);
    const { roots, name } = this.#set.trust;
    if (roots.at(-1) === key) return;
    throw new StartupError(
      roots.includes(key)
        ? `This root key of the fleet ${name} was replaced by a later one. Nothing was signed.`
        : `This root key is not that of the fleet ${name}. Nothing was signed.`,
      'Take the file of the present root key.',
    );
  }

  get trust(): Trust {
    return this.#set.trust;
  }

  eject(key: NodeId, ends: readonly FeedEnd[], reason: string): Uint8Array {
    const cuts = ends.flatMap(({ laneNumber, incarnation, seq, hash }): Cut[] => {
      const lane = laneByNumber(laneNumber);
      return lane === undefined ? [] : [{ incarnation, lane, seq, hash }];
    });
    const payload = encodeEjection({ key, cuts, reason, madeAtMs: this.#nowMs });
    return this.#sign('ejection', payload);
  }

  policy(generation: number, declarations: readonly Declaration[]): Uint8Array {
    return this.#sign('policy', encodePolicy({ generation, declarations, madeAtMs: this.#nowMs }));
  }

  /** Makes another key the root. This one signs nothing afterwards that counts. */
  changeRoot(to: Signer): Uint8Array {
    const root = toHex(to.publicKey);
    const { roots } = this.trust;
    if (roots.includes(root)) {
      throw new StartupError(
        'That key is, or was, a root of this fleet already. Nothing was signed.',
        'Give a new file with --new-root-key.',
      );
    }
    const generation = roots.length;
    return this.#sign('root-change', encodeRootChange({ generation, root, madeAtMs: this.#nowMs }));
  }

  /** What a key signed and is held here, in the order in which it came. */
  signedBy(key: NodeId): SignedRow[] {
    return this.#set
      .statements()
      .filter(({ signer }) => signer === key)
      .map((statement) => ({ id: statement.id, what: this.#wordsFor(statement) }));
  }

  /** Takes back all that a key signed but what is kept, also what is not known yet. */
  annul(key: NodeId, kept: readonly StatementId[], reason: string): Uint8Array {
    return this.#sign('annulment', encodeAnnulment({ key, kept, reason, madeAtMs: this.#nowMs }));
  }

  /** A new certificate for a key that has one: the same, good from now on, with more roles where they are given. */
  certify(
    key: NodeId,
    more: { readonly roles: readonly Role[]; readonly ejectsPrefix?: string | undefined },
  ): { readonly statement: Uint8Array; readonly certificate: Certificate } {
    const [current] = this.trust.members.get(key)?.certificates ?? [];
    if (current === undefined) throw new Error(`${key} has no certificate`);
    const roles = new Set([...current.roles, ...more.roles]);
    const generation = current.generation + 1;
    const born = { nowMs: this.#nowMs, generation, tokenId: new Uint8Array(0) };
    const certificate: Certificate = {
      ...certificateOf(current, { ...current, roles }, born),
      ejectsPrefix: more.ejectsPrefix ?? current.ejectsPrefix,
    };
    return { statement: this.#sign('certificate', encodeCertificate(certificate)), certificate };
  }

  #wordsFor(statement: Statement): string {
    const certificate = readCertificate(statement);
    if (certificate === undefined) return statement.kind;
    const { name, roles, generation, key, notBeforeMs } = certificate;
    const from = new Date(notBeforeMs).toISOString().slice(0, 10);
    const state = nameOfKey(this.trust, key) === name ? '' : ' (counts no more)';
    return `certificate of ${name} (${[...roles].join(' ')}), generation ${generation}, from ${from}${state}`;
  }

  #sign(kind: StatementKind, payload: Uint8Array): Uint8Array {
    const { fleetId } = this.#set;
    return signStatement(kind, payload, { fleetId, signer: this.#root, hash: sodiumCrypto }).bytes;
  }
}
