// The statements a node holds: a set that only grows, and what follows from it.
import { concatBytes, fromHex, MalformedBytesError, utf8 } from '../values/bytes.ts';
import type { Hash, Verifier } from '../values/environment.ts';
import { type DocumentKey, type FeedId, type NodeId, splitDocumentKey } from '../values/ids.ts';
import { type Certificate, decodeCertificate } from './certificate.ts';
import { decodeDelegation, decodeRevocation } from './delegation.ts';
import { cutKey, deriveTrust, type Read, type Trust } from './derive.ts';
import { type Cut, decodeAnnulment, decodeEjection } from './ejection.ts';
import { decodeGenesis, decodeRootChange, fleetIdOf, type Genesis } from './genesis.ts';
import { doubtWriter } from './grants.ts';
import {
  MAX_BROUGHT_ANNULMENTS,
  MAX_STATEMENTS,
  MAX_STATEMENTS_OF_SIGNER,
  MAX_STATEMENTS_WITHOUT_RANK,
} from './limits.ts';
import { isLaterPayload } from './payload.ts';
import { decodePolicy } from './policy.ts';
import { LATER, openStatement, type Statement, type StatementId } from './statement.ts';
import { Succession } from './succession.ts';

/** Statements that one who was put out is told: who signed more about it is trusted by nobody. */
const MAX_TOLD = 16;
const DIGEST_DOMAIN = utf8('holdfast trust digest 1');

export type Admission =
  | { readonly type: 'added'; readonly statement: Statement }
  | { readonly type: 'known'; readonly statement: Statement }
  /** Its signer may be certified by a statement that has not come yet. */
  | { readonly type: 'early'; readonly reason: string }
  | { readonly type: 'refused'; readonly reason: string };

export class TrustSet {
  readonly fleetId: Uint8Array;
  readonly genesis: Statement;
  readonly #founding: Genesis;
  readonly #crypto: Hash & Verifier;
  readonly #byId = new Map<StatementId, Read>();
  readonly #countBySigner = new Map<NodeId, number>();
  /** Keys that were a root in the words of a root, and keys that a root gave a rank: they only become more, whatever counts. */
  readonly #rootKeys: Set<NodeId>;
  readonly #rankedKeys = new Set<NodeId>();
  /** Keys that somebody with a rank made a hub, whatever counts: certificates that do are all kept. */
  readonly #hubKeys = new Set<NodeId>();
  readonly #succession = new Succession();
  #trust: Trust | undefined;

  private constructor(genesis: Statement, founding: Genesis, crypto: Hash & Verifier) {
    this.genesis = genesis;
    this.#founding = founding;
    this.#crypto = crypto;
    this.fleetId = fleetIdOf(genesis.payload, crypto);
    this.#rootKeys = new Set([founding.root]);
  }

  /** The trust of the fleet that a genesis founds, or why it founds none. */
  static found(bytes: Uint8Array, crypto: Hash & Verifier): TrustSet | string {
    const genesis = openStatement(bytes, { fleetId: new Uint8Array(32), crypto });
    if (typeof genesis === 'string') return genesis;
    if (genesis.kind !== 'genesis') return 'it is no genesis';
    try {
      const founding = decodeGenesis(genesis.payload);
      if (founding.root !== genesis.signer) return 'it is not signed by the root that it names';
      return new TrustSet(genesis, founding, crypto);
    } catch (error) {
      if (error instanceof MalformedBytesError) return error.message;
      throw error;
    }
  }

  /** Takes a statement in, whether it counts or not: that may depend on what comes later. */
  add(bytes: Uint8Array): Admission {
    const statement = openStatement(bytes, { fleetId: this.fleetId, crypto: this.#crypto });
    if (typeof statement === 'string') return { type: 'refused', reason: statement };
    if (this.#byId.has(statement.id) || statement.id === this.genesis.id) {
      return { type: 'known', statement };
    }
    const read = readStatement(statement);
    if (typeof read === 'string') return { type: 'refused', reason: read };
    const { signer } = statement;
    if (!this.#maySign(read)) {
      return { type: 'early', reason: `nobody of this fleet gave ${signer} the rank to sign it` };
    }
    const outdated = this.#succession.outdatedBy(read);
    // Newer ones took its place.
    if (outdated === read) return { type: 'known', statement };
    // One that makes room for itself always fits.
    if (outdated === undefined && this.#isFullFor(signer)) {
      return { type: 'refused', reason: `${signer} signed more statements than anybody keeps` };
    }
    if (outdated !== undefined) this.#drop(outdated.statement);
    this.#succession.add(read);
    this.#countBySigner.set(signer, (this.#countBySigner.get(signer) ?? 0) + 1);
    this.#byId.set(statement.id, read);
    this.#note(read);
    this.#trust = undefined;
    return { type: 'added', statement };
  }

  /** A statement of this fleet, whoever may sign it, or why it is none. Nothing is taken in. */
  read(bytes: Uint8Array): Statement | string {
    const { fleetId } = this;
    const isGenesis = bytes[0] === this.genesis.bytes[0];
    const statement = openStatement(bytes, { fleetId, crypto: this.#crypto });
    if (typeof statement === 'string') return statement;
    if (isGenesis) return statement.id === this.genesis.id ? statement : 'it founds another fleet';
    const read = readStatement(statement);
    return typeof read === 'string' ? read : statement;
  }

  has(id: StatementId): boolean {
    return this.#byId.has(id) || id === this.genesis.id;
  }

  /** Statements that are held, without the genesis. */
  get size(): number {
    return this.#byId.size;
  }

  /** What follows from all statements. */
  get trust(): Trust {
    this.#trust ??= deriveTrust(this.#founding, [...this.#byId.values()]);
    return this.#trust;
  }

  /** All but the genesis, in an order in which another set takes them in at once. */
  statements(): Statement[] {
    return [...this.#byId.values()].map(({ statement }) => statement);
  }

  /** Whether what an author writes to a document counts, as far as no cut says otherwise. */
  mayWrite(author: NodeId, document: DocumentKey): boolean {
    return doubtWriter(this.trust, author, splitDocumentKey(document)) === undefined;
  }

  /**
   * What somebody who knows the genesis alone needs to find the key to be a member's: its present certificate and that of whoever
   * signed it. And what was taken back, for those who heard of an ejection and not that it does not count. In an order in which it can
   * be taken in: whoever signed it may have a newer certificate than it.
   */
  chainOf(key: NodeId): Statement[] {
    const own = this.#present(key);
    const issuer = own && this.#present(own.statement.signer);
    const annulments = this.#ofKind('annulment').slice(-MAX_BROUGHT_ANNULMENTS);
    const needed = [...this.#ofKind('root-change'), ...annulments, issuer, own];
    return [...new Set(needed)].flatMap((read) => (read === undefined ? [] : [read.statement]));
  }

  #ofKind(kind: Read['kind']): Read[] {
    return [...this.#byId.values()].filter((read) => read.kind === kind);
  }

  /** The present certificate of a key, as it was stated. */
  #present(key: NodeId): Read | undefined {
    const [present] = this.trust.members.get(key)?.certificates ?? [];
    return present && [...this.#byId.values()].find(({ says }) => says === present);
  }

  /** What puts a key out, and what shows that its signers may; in an order in which another set takes it in. Empty where it is not out. */
  ejectionOf(key: NodeId): Statement[] {
    if (this.trust.members.get(key)?.ejected === undefined) return [];
    const all = [...this.#byId.values()];
    const ejections = all.filter((read) => read.kind === 'ejection' && read.says.key === key);
    const signers = new Set(ejections.map(({ statement }) => statement.signer));
    const ids = new Set([...signers].flatMap((by) => this.chainOf(by).map(({ id }) => id)));
    return all
      .filter((read) => ids.has(read.statement.id) || ejections.includes(read))
      .map(({ statement }) => statement)
      .slice(0, MAX_TOLD);
  }

  /** Why a key is no member's, also by what it brings; undefined when it is. Nothing is taken in. */
  doubtMember(key: NodeId, brought: readonly Uint8Array[] = []): string | undefined {
    const member = this.trust.members.get(key);
    const isIn = member !== undefined && member.ejected === undefined;
    if (!isIn && brought.length > 0) {
      const trial = this.#copy();
      for (const bytes of brought) trial.add(bytes);
      return trial.doubtMember(key);
    }
    if (member === undefined) return 'it has no certificate of this fleet';
    return member.ejected && `it was put out of this fleet: ${member.ejected.reasons.join('; ')}`;
  }

  /** The present certificate of a key, after what it brings was looked at as well. Nothing is taken in. */
  presentOf(key: NodeId, brought: readonly Uint8Array[] = []): Certificate | undefined {
    const isNew = brought.some((bytes) => {
      const statement = this.read(bytes);
      return typeof statement !== 'string' && !this.has(statement.id);
    });
    const trial = isNew ? this.#copy() : this;
    if (isNew) for (const bytes of brought) trial.add(bytes);
    return trial.trust.members.get(key)?.certificates[0];
  }

  #copy(): TrustSet {
    const copy = new TrustSet(this.genesis, this.#founding, this.#crypto);
    for (const [id, read] of this.#byId) {
      copy.#byId.set(id, read);
      copy.#succession.add(read);
      copy.#note(read);
    }
    return copy;
  }

  /** 32 bytes; the same where the same statements are held. */
  digest(): Uint8Array {
    const ids = [...this.#byId.keys()].sort().map(fromHex);
    return this.#crypto.blake2b(concatBytes(DIGEST_DOMAIN, ...ids));
  }

  /** Up to where a feed counts; undefined where all of it does. A feed of an ejected key that no cut names counts up to nothing. */
  cutOf(feed: FeedId): Cut | undefined {
    const cuts = this.trust.cuts.get(feed.author);
    if (cuts === undefined) return undefined;
    const { incarnation, lane } = feed;
    return cuts.get(cutKey(feed)) ?? { incarnation, lane, seq: 0, hash: '' };
  }

  /** The root is always heard: it has to be able to put out whoever filled the set. */
  #isFullFor(signer: NodeId): boolean {
    const isFull = this.#byId.size >= MAX_STATEMENTS && !this.#rootKeys.has(signer);
    const isRanked = this.#rootKeys.has(signer) || this.#rankedKeys.has(signer);
    const most = isRanked ? MAX_STATEMENTS_OF_SIGNER : MAX_STATEMENTS_WITHOUT_RANK;
    return isFull || (this.#countBySigner.get(signer) ?? 0) >= most;
  }

  #drop({ id, signer }: Statement): void {
    this.#byId.delete(id);
    this.#countBySigner.set(signer, (this.#countBySigner.get(signer) ?? 1) - 1);
  }

  /** Whether it is taken in at all, which never changes back: what counts is another question. */
  #maySign({ statement: { kind, signer } }: Read): boolean {
    const isRoot = this.#rootKeys.has(signer);
    if (kind === 'root-change' || kind === 'annulment') return isRoot;
    if (isRoot || this.#rankedKeys.has(signer)) return true;
    const isLent = kind === 'delegation' || kind === 'delegation-revoked';
    return isLent && this.#hubKeys.has(signer);
  }

  #note(read: Read): void {
    if (read.kind === 'certificate' && read.says.roles.has('hub')) this.#hubKeys.add(read.says.key);
    if (!this.#rootKeys.has(read.statement.signer)) return;
    if (read.kind === 'root-change') this.#noteRoot(read.says.root);
    if (read.kind !== 'certificate') return;
    const { roles, key } = read.says;
    if (roles.has('issuer') || roles.has('ejector')) this.#rankedKeys.add(key);
  }

  /** What a root signed before the change that made it one gives the rank that it would give after it. */
  #noteRoot(root: NodeId): void {
    if (this.#rootKeys.has(root)) return;
    this.#rootKeys.add(root);
    for (const read of this.#byId.values()) {
      if (read.statement.signer === root) this.#note(read);
    }
  }
}

function readStatement(statement: Statement): Read | string {
  const { kind, payload } = statement;
  try {
    switch (kind) {
      case 'genesis':
        return 'it founds another fleet';
      case 'root-change':
        return { statement, kind, says: decodeRootChange(payload) };
      case 'certificate':
        return { statement, kind, says: decodeCertificate(payload) };
      case 'ejection':
        return { statement, kind, says: decodeEjection(payload) };
      case 'policy':
        return { statement, kind, says: decodePolicy(payload) };
      case 'annulment':
        return { statement, kind, says: decodeAnnulment(payload) };
      case 'delegation':
        return { statement, kind, says: decodeDelegation(payload) };
      case 'delegation-revoked':
        return { statement, kind, says: decodeRevocation(payload) };
      case LATER:
        return { statement, kind, says: undefined };
    }
  } catch (error) {
    if (!(error instanceof MalformedBytesError)) throw error;
    // Of a later version of a kind: it may say what there is no word for here.
    return isLaterPayload(payload)
      ? { statement, kind: LATER, says: undefined }
      : `its payload cannot be read: ${error.message}`;
  }
}
