// The tokens a hub has given, in its store: one record each, synced before anybody hears of it. Secrets lie sealed for the hub's own key,
// so that neither a copy of the store nor what a database leaves behind on a disk lets anybody in.
import {
  type CertifiedKeys,
  type Crypto,
  fromHex,
  type Grant,
  type Grants,
  type Role,
  type SealedBox,
  type TokenState,
  toHex,
  toRole,
} from '../../core/index.ts';
import { StoreDamagedError } from '../store/damage.ts';
import { kindRange, tokenKey } from '../store/keys.ts';
import { openRecord, sealRecord } from '../store/record-codec.ts';
import type { Store } from '../store/store.ts';

/** One token, and what became of it. */
export interface TokenEntry {
  readonly grant: Grant;
  readonly grants: Grants;
  /** Milliseconds since 1970. */
  readonly createdMs: number;
  /** Of a waiting token: what its operator is asked about. */
  readonly waiting: CertifiedKeys | undefined;
  readonly state: TokenState;
  /** Of a spent one: the statement it was spent for. */
  readonly certificate: Uint8Array | undefined;
}

interface Parts {
  readonly store: Pick<Store, 'range' | 'write'>;
  readonly crypto: Crypto;
  readonly box: SealedBox;
  /** The hub's own sealing keys. */
  readonly sealing: { readonly publicKey: Uint8Array; readonly secretKey: Uint8Array };
}

export class TokenRecords {
  readonly #parts: Parts;
  readonly #entries: Map<string, TokenEntry>;

  private constructor(parts: Parts, entries: Map<string, TokenEntry>) {
    this.#parts = parts;
    this.#entries = entries;
  }

  /** Rejects with StoreDamagedError. */
  static async open(parts: Parts): Promise<TokenRecords> {
    const entries = new Map<string, TokenEntry>();
    for await (const { key, value } of parts.store.range(kindRange('k'))) {
      const payload = openRecord(key, value, parts.crypto);
      if (payload === undefined) throw new StoreDamagedError(key);
      const entry = parse(key.subarray(1), payload, parts);
      // Sealed for another key than the present one: nobody can come with that token any more.
      if (entry !== undefined) entries.set(toHex(key.subarray(1)), entry);
    }
    return new TokenRecords(parts, entries);
  }

  /** By hexadecimal token id. */
  get(id: string): TokenEntry | undefined {
    return this.#entries.get(id);
  }

  all(): readonly TokenEntry[] {
    return [...this.#entries.values()];
  }

  /** In one step that survives a power cut. Nothing has changed where it rejects. */
  async put(entry: TokenEntry): Promise<void> {
    const { store, crypto } = this.#parts;
    const key = tokenKey(entry.grant.tokenId);
    const value = sealRecord(key, encode(entry, this.#parts), crypto);
    await store.write([{ type: 'put', key, value }], { sync: true });
    this.#entries.set(toHex(entry.grant.tokenId), entry);
  }

  async delete({ grant: { tokenId } }: TokenEntry): Promise<void> {
    await this.#parts.store.write([{ type: 'delete', key: tokenKey(tokenId) }], { sync: true });
    this.#entries.delete(toHex(tokenId));
  }
}

/** As it lies in the store: JSON with bytes in hexadecimal digits. */
interface Stored {
  readonly sealedSecret: string;
  readonly expiresMs: number;
  readonly createdMs: number;
  readonly approve: boolean;
  readonly name: string;
  readonly roles: readonly string[];
  readonly agents: readonly string[];
  readonly collections: readonly string[];
  readonly waiting?: TokenEntry['waiting'];
  readonly spent?: { readonly key: string; readonly reply: string; readonly certificate: string };
}

function encode(entry: TokenEntry, { box, sealing }: Parts): Uint8Array {
  const { grant, grants, state, certificate, waiting, createdMs } = entry;
  const stored: Stored = {
    sealedSecret: toHex(box.seal(sealing.publicKey, grant.secret)),
    expiresMs: grant.expiresMs,
    createdMs,
    approve: grant.needsApproval,
    ...grants,
    roles: [...grants.roles],
    ...(waiting && { waiting }),
    ...(state.type === 'spent' && {
      spent: {
        key: state.key,
        reply: toHex(state.reply),
        certificate: toHex(certificate ?? new Uint8Array(0)),
      },
    }),
  };
  return new TextEncoder().encode(JSON.stringify(stored));
}

/** Undefined where its secret does not open. The record's hash says that it is what we wrote. */
function parse(
  tokenId: Uint8Array,
  payload: Uint8Array,
  { box, sealing }: Parts,
): TokenEntry | undefined {
  const stored = JSON.parse(new TextDecoder().decode(payload)) as Stored;
  const secret = box.open(sealing, fromHex(stored.sealedSecret));
  if (secret === undefined) return undefined;
  const { expiresMs, createdMs, approve, name, agents, collections, waiting, spent } = stored;
  const roles = new Set(
    stored.roles.flatMap((role): Role[] => {
      const known = toRole(role);
      return known === undefined ? [] : [known];
    }),
  );
  return {
    grant: { tokenId: tokenId.slice(), secret, expiresMs, needsApproval: approve },
    grants: { name, roles, agents, collections },
    createdMs,
    waiting,
    state:
      spent !== undefined
        ? { type: 'spent', key: spent.key, reply: fromHex(spent.reply) }
        : waiting !== undefined
          ? { type: 'waiting', key: waiting.key }
          : { type: 'open' },
    certificate: spent && fromHex(spent.certificate),
  };
}
