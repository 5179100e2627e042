// The desk of a hub: gives tokens, looks at requests, and lets in. One thing at a time, each stored before anybody hears of it:
//
//   request ──► decided ──► record with certificate and reply (synced) ──► stated ──► answered
//                              └─ a crash behind this point: stated at the next start, and the same reply to whoever asks again
import {
  approvalCode,
  type Certificate,
  type CertifiedKeys,
  type Clock,
  type Crypto,
  certificateOf,
  decideRequest,
  encodeCertificate,
  encodeReply,
  formatToken,
  fromHex,
  isApprovalCode,
  type JoinRequest,
  MalformedBytesError,
  type NodeId,
  type OpenedRequest,
  openRequest,
  type Random,
  type SealedBox,
  type Signer,
  signStatement,
  type TrustSet,
  toHex,
  tokenName,
} from '../../core/index.ts';
import type { EnrolReply } from '../../mesh/index.ts';
import type { KeyPair } from '../sodium-crypto.ts';
import { grantedReply, refusedReply, waitingReply } from './replies.ts';
import type { EnrolmentReport } from './report.ts';
import { checkOrder, expiredToken, noSuchToken, type TokenOrder } from './token-order.ts';
import type { TokenEntry, TokenRecords } from './token-records.ts';

const SECRET_BYTES = 32;
const TOKEN_ID_BYTES = 16;
/** How long after a token's end whoever spent it still gets its reply. */
const AGAIN_MS = 7 * 86_400_000;

export interface DeskParts {
  readonly clock: Clock;
  readonly random: Random;
  readonly crypto: Crypto;
  readonly box: SealedBox;
  readonly signer: Signer;
  readonly sealing: KeyPair;
  /** 32 bytes; what members greet each other with. */
  readonly fleetSecret: Uint8Array;
  readonly trust: TrustSet;
  readonly records: TokenRecords;
  /** Takes statements in and tells everybody. */
  state(statements: readonly Uint8Array[]): Promise<unknown>;
  /** Something was decided that was not before. */
  onDecided(): void;
  report(report: EnrolmentReport): void;
}

/** A token as its operator sees it. It never has the secret. */
export interface TokenRow {
  /** Eight hexadecimal digits. */
  readonly id: string;
  readonly name: string;
  readonly roles: readonly string[];
  readonly agents: readonly string[];
  readonly state: 'open' | 'waiting' | 'spent' | 'expired';
  /** Milliseconds since 1970. */
  readonly createdMs: number;
  readonly expiresMs: number;
  /** Who spent it, or waits; empty otherwise. */
  readonly nodeId: NodeId;
  /** What the waiting device shows; empty otherwise. */
  readonly code: string;
}

export class EnrolmentDesk {
  readonly #parts: DeskParts;
  readonly #self: NodeId;
  #last: Promise<unknown> = Promise.resolve();

  constructor(parts: DeskParts) {
    this.#parts = parts;
    this.#self = toHex(parts.signer.publicKey);
  }

  /** What a crash left half done: certificates that are stored and were perhaps not stated. */
  async restate(): Promise<void> {
    const { records, state } = this.#parts;
    const certificates = records.all().flatMap(({ certificate }) => certificate ?? []);
    if (certificates.length > 0) await state(certificates);
  }

  /** Makes a token. Resolves with its text, once it is stored. Rejects with HoldfastError. */
  create(order: TokenOrder): Promise<{ readonly text: string; readonly row: TokenRow }> {
    return this.#inTurn(async () => {
      const { trust, random, crypto, records, sealing } = this.#parts;
      const nowMs = this.#nowMs;
      await this.#forgetOld(nowMs);
      const grants = checkOrder(order, { trust: trust.trust, self: this.#self, records });
      const entry: TokenEntry = {
        grant: {
          tokenId: random.bytes(TOKEN_ID_BYTES),
          secret: random.bytes(SECRET_BYTES),
          expiresMs: nowMs + Math.floor(order.ttlMs),
          needsApproval: order.approve,
        },
        grants,
        createdMs: nowMs,
        waiting: undefined,
        state: { type: 'open' },
        certificate: undefined,
      };
      await records.put(entry);
      const { tokenId, secret, expiresMs } = entry.grant;
      const [name, roles] = [grants.name, [...grants.roles]];
      const token = tokenName(tokenId);
      this.#parts.report({ type: 'token-created', token, name, roles, expiresMs });
      const text = formatToken(
        {
          ...{ fleetId: trust.fleetId, hub: this.#self, tokenId, secret, expiresMs },
          hubSealingKey: toHex(sealing.publicKey),
          addresses: order.addresses,
        },
        crypto,
      );
      return { text, row: this.#rowOf(entry) };
    });
  }

  /** The newest last. */
  list(): readonly TokenRow[] {
    const { records } = this.#parts;
    return records
      .all()
      .map((entry) => this.#rowOf(entry))
      .toSorted((a, b) => a.createdMs - b.createdMs);
  }

  /** Rejects with HoldfastError. */
  revoke(id: string): Promise<TokenRow> {
    return this.#inTurn(async () => {
      const entry = this.#find(id);
      const row = this.#rowOf(entry);
      await this.#parts.records.delete(entry);
      this.#parts.report({ type: 'token-revoked', token: row.id, name: row.name });
      this.#parts.onDecided();
      return row;
    });
  }

  /** Lets in who waits, if the code is the one of its device. Rejects with HoldfastError. */
  approve(id: string, code: string): Promise<TokenRow> {
    return this.#inTurn(async () => {
      const entry = this.#find(id);
      const { grant, waiting } = entry;
      if (waiting === undefined) throw noSuchToken(id, 'nobody waits with this token');
      if (!isApprovalCode(code, this.#codeOf(grant.tokenId, waiting))) {
        throw noSuchToken(id, 'the device that waits shows another code', 'fingerprint');
      }
      if (this.#nowMs >= grant.expiresMs) throw expiredToken(id);
      const reply = await this.#grant(entry, waiting);
      if (reply.state === 'refused') throw noSuchToken(id, reply.message);
      const { name } = entry.grants;
      this.#parts.report({ type: 'token-approved', token: tokenName(grant.tokenId), name });
      this.#parts.onDecided();
      return this.#rowOf(this.#find(id));
    });
  }

  /** Looks at a sealed request. Rejects only where the store fails. */
  answer(sealed: Uint8Array): Promise<EnrolReply> {
    return this.#inTurn(() => this.#answer(sealed));
  }

  async #answer(sealed: Uint8Array): Promise<EnrolReply> {
    const { box, sealing, records, crypto } = this.#parts;
    const plain = box.open(sealing, sealed);
    const opened = plain && tryOpen(plain);
    if (opened === undefined) {
      return this.#refused(
        '',
        '',
        'REQUEST_REFUSED',
        'the request is not for this hub, or damaged',
      );
    }
    const find = (id: string) => records.get(id);
    const decision = decideRequest(opened, find, { nowMs: this.#nowMs, crypto });
    const { key, tokenId } = opened.request;
    const token = tokenName(tokenId);
    switch (decision.type) {
      case 'unknown':
        return this.#refused(token, '', 'TOKEN_UNKNOWN', 'this hub has no such token any more');
      case 'doubted':
        return this.#refused(token, '', 'REQUEST_REFUSED', decision.reason);
      case 'expired':
        return this.#refused(token, key, 'TOKEN_EXPIRED', 'the token is too old');
      case 'spent':
        return this.#refused(token, key, 'TOKEN_SPENT', 'another device has used the token before');
      case 'again':
        return grantedReply(decision.reply);
      case 'approve':
        return this.#wait(this.#entry(tokenId), decision.request);
      case 'grant':
        return this.#grant(this.#entry(tokenId), decision.request);
    }
  }

  async #wait(entry: TokenEntry, { key, noiseKey, sealingKey }: JoinRequest): Promise<EnrolReply> {
    if (entry.waiting === undefined) {
      const waiting = { key, noiseKey, sealingKey };
      await this.#parts.records.put({ ...entry, waiting, state: { type: 'waiting', key } });
      const code = this.#codeOf(entry.grant.tokenId, waiting);
      const token = tokenName(entry.grant.tokenId);
      this.#parts.report({ type: 'enrolment-waiting', token, name: entry.grants.name, code });
    }
    return waitingReply();
  }

  async #grant(entry: TokenEntry, keys: CertifiedKeys): Promise<EnrolReply> {
    const { trust, crypto, box, signer, records, state, report, fleetSecret } = this.#parts;
    const { grant, grants } = entry;
    const token = tokenName(grant.tokenId);
    const doubt = this.#doubt(entry, keys.key);
    if (doubt !== undefined) return this.#refused(token, keys.key, doubt.reason, doubt.message);
    const certificate = signStatement(
      'certificate',
      encodeCertificate(this.#certificateFor(entry, keys)),
      { fleetId: trust.fleetId, signer, hash: crypto },
    );
    const chain = [trust.genesis, ...trust.chainOf(this.#self), certificate];
    const statements = chain.map(({ bytes }) => bytes);
    const plain = encodeReply(
      { tokenId: grant.tokenId, statements, fleetSecret },
      grant.secret,
      crypto,
    );
    const reply = box.seal(fromHex(keys.sealingKey), plain);
    await records.put({
      ...entry,
      waiting: undefined,
      state: { type: 'spent', key: keys.key, reply },
      certificate: certificate.bytes,
    });
    await state([certificate.bytes]);
    report({ type: 'enrolled', token, name: grants.name, nodeId: keys.key });
    return grantedReply(reply);
  }

  #certificateFor({ grant, grants }: TokenEntry, keys: CertifiedKeys): Certificate {
    const [current] = this.#parts.trust.trust.members.get(keys.key)?.certificates ?? [];
    const generation = (current?.generation ?? 0) + 1;
    const { tokenId } = grant;
    return certificateOf(keys, grants, { nowMs: this.#nowMs, generation, tokenId });
  }

  /** Why nobody is let in with a token that is good, as things are now. */
  #doubt({ grants }: TokenEntry, key: NodeId) {
    const { trust } = this.#parts.trust;
    const own = trust.members.get(this.#self);
    if (own?.roles.has('issuer') !== true || own.ejected !== undefined) {
      return { reason: 'NOT_ISSUER', message: 'this hub may not let anybody in any more' } as const;
    }
    if (trust.cuts.has(key) || trust.roots.includes(key)) {
      const message = 'its key was put out; it needs a new one: join in an empty data directory';
      return { reason: 'REQUEST_REFUSED', message } as const;
    }
    const holder = [...trust.members.values()].find(
      (member) =>
        member.key !== key && member.ejected === undefined && member.names.has(grants.name),
    );
    if (holder === undefined) return undefined;
    const message = `another node is called ${grants.name}; put it out, or take another name`;
    return { reason: 'NAME_TAKEN', message } as const;
  }

  #refused(
    token: string,
    nodeId: NodeId,
    reason: Parameters<typeof refusedReply>[0],
    detail: string,
  ): EnrolReply {
    this.#parts.report({ type: 'enrolment-refused', token, nodeId, reason, detail });
    return refusedReply(reason, detail);
  }

  #rowOf({ grant, grants, state, waiting, createdMs }: TokenEntry): TokenRow {
    const { tokenId, expiresMs } = grant;
    const isOver = this.#nowMs >= expiresMs && state.type !== 'spent';
    return {
      id: tokenName(tokenId),
      name: grants.name,
      roles: [...grants.roles],
      agents: grants.agents,
      state: isOver ? 'expired' : state.type,
      createdMs,
      expiresMs,
      nodeId: state.type === 'open' ? '' : state.key,
      code: waiting === undefined ? '' : this.#codeOf(tokenId, waiting),
    };
  }

  #codeOf(tokenId: Uint8Array, keys: CertifiedKeys): string {
    return approvalCode({ tokenId, ...keys }, this.#parts.crypto);
  }

  #entry(tokenId: Uint8Array): TokenEntry {
    const entry = this.#parts.records.get(toHex(tokenId));
    if (entry === undefined) throw new Error('a token was decided on that is not there');
    return entry;
  }

  #find(id: string): TokenEntry {
    const wanted = id.toLowerCase();
    const found = this.#parts.records
      .all()
      .filter(({ grant }) => wanted.length >= 8 && toHex(grant.tokenId).startsWith(wanted));
    const [entry] = found;
    if (entry === undefined || found.length > 1) throw noSuchToken(id, 'there is no such token');
    return entry;
  }

  async #forgetOld(nowMs: number): Promise<void> {
    const { records } = this.#parts;
    for (const entry of records.all()) {
      if (nowMs >= entry.grant.expiresMs + AGAIN_MS) await records.delete(entry);
    }
  }

  get #nowMs(): number {
    return Math.floor(this.#parts.clock.now().wallMs);
  }

  #inTurn<T>(act: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(act);
    this.#last = turn.catch(() => undefined);
    return turn;
  }
}

function tryOpen(plain: Uint8Array): OpenedRequest | undefined {
  try {
    return openRequest(plain);
  } catch (error) {
    if (error instanceof MalformedBytesError) return undefined;
    throw error;
  }
}
