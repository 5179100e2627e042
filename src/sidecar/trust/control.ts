// Trust as the API sees it: of the member that is up, in words for people; what is signed here is signed with the node's key.
import {
  type Clock,
  type Crypto,
  cutKey,
  type Declaration,
  doubtEjection,
  doubtPolicyMaker,
  encodeEjection,
  encodePolicy,
  formatNodeId,
  HoldfastError,
  type Signer,
  type Statement,
  signStatement,
} from '../../core/index.ts';
import type {
  EjectAsk,
  EjectOutcome,
  PlannedEjection,
  TrustControl,
  TrustMemberRow,
} from '../api/index.ts';
import { type MemberSupervisor, storeDown } from '../member/index.ts';
import { memberRows, nameOfKey, rowsNamed } from './member-rows.ts';
import type { MemberTrust } from './member-trust.ts';
import { changesOf, checkPolicy } from './policy-check.ts';
import { trustWarnings, twiceWarnings } from './warnings.ts';

export interface TrustControlParts {
  readonly supervisor: Pick<
    MemberSupervisor,
    'member' | 'nodeId' | 'peers' | 'change' | 'duplicates'
  >;
  readonly signer: Signer;
  readonly clock: Clock;
  readonly crypto: Crypto;
  /** What was done here about trust: the one place from which it can be recorded. */
  onStated(what: string): void;
}

export function createTrustControl(parts: TrustControlParts): TrustControl {
  const desk = new Desk(parts);
  return {
    fleet: () => {
      const { set } = desk.up();
      const { name, roots } = set.trust;
      return { name, fleetId: set.fleetId, root: roots.at(-1) ?? '' };
    },
    members: () => desk.rows(),
    eject: (ask) => desk.eject(ask),
    policy: () => {
      const { collections, policyGeneration: generation } = desk.up().set.trust;
      const declarations = [...collections]
        .map(([collection, says]) => ({ collection, ...says, writers: [...says.writers] }))
        .sort((a, b) => (a.collection < b.collection ? -1 : 1));
      return { generation, declarations };
    },
    setPolicy: async (rows, { dryRun, signer }) => {
      const { trust } = desk.up().set;
      const declarations = checkPolicy(trust, rows);
      checkRank(doubtPolicyMaker(trust, signer ?? parts.supervisor.nodeId), 'set the policy');
      const changes = changesOf(trust, declarations);
      const done = !dryRun && signer === undefined;
      if (done) await desk.declare(changes.generation, declarations);
      return { ...changes, done };
    },
    take: (statements) => desk.take(statements),
    statements: () => {
      const { set } = desk.up();
      return [set.genesis, ...set.statements()].map(({ bytes }) => bytes);
    },
    voids: () => {
      const { set, voids } = desk.up();
      return voids().map(({ author, reason, ops, lastKey }) => ({
        ...{ reason, ops, lastDocument: lastKey },
        author: author === '' ? '' : formatNodeId(author, parts.crypto),
        name: nameOfKey(set.trust, author),
      }));
    },
    clearFork: (member) => desk.clearFork(member),
    warnings: () => desk.warnings(),
  };
}

class Desk {
  readonly #parts: TrustControlParts;

  constructor(parts: TrustControlParts) {
    this.#parts = parts;
  }

  /** Throws while the store is opened again, and in an open fleet. */
  up(): MemberTrust {
    const { member } = this.#parts.supervisor;
    if (member === undefined) throw storeDown();
    if (member.trust !== undefined) return member.trust;
    throw new HoldfastError(
      'FLEET_OPEN',
      'This fleet is open: whoever holds its secret is trusted with everything, and nobody has a certificate. Nothing was done; `holdfast init --fleet NAME` founds a fleet with certificates.',
    );
  }

  rows(): TrustMemberRow[] {
    const { supervisor, crypto, clock } = this.#parts;
    const { set, isSuspended } = this.up();
    const seen = new Map(supervisor.peers().map((peer) => [peer.nodeId, peer.lastSeenMs]));
    return memberRows({
      trust: set.trust,
      ...{ crypto, isSuspended, self: supervisor.nodeId, nowMs: clock.now().wallMs },
      lastContactMs: (key) => seen.get(key),
    });
  }

  async eject({ member, reason, dryRun, signer }: EjectAsk): Promise<EjectOutcome> {
    const { set } = this.up();
    const by = signer ?? this.#parts.supervisor.nodeId;
    const subjects = rowsNamed(this.rows(), member).filter(({ state }) => state !== 'ejected');
    for (const { key, name } of subjects) {
      checkRank(doubtEjection(set.trust, by, key), `put ${name} out`);
    }
    const ejections = subjects.map((subject) => this.#plan(subject));
    if (dryRun || signer !== undefined) return { ejections, done: false, statements: [] };
    const made = ejections.map(({ member: { key }, cuts }) =>
      this.#sign('ejection', encodeEjection({ key, cuts, reason, madeAtMs: this.#nowMs() })),
    );
    await this.#state(`eject ${member}: ${reason}`, made);
    return { ejections, done: true, statements: made.map(({ bytes }) => bytes) };
  }

  async declare(generation: number, declarations: readonly Declaration[]): Promise<void> {
    const payload = encodePolicy({ generation, declarations, madeAtMs: this.#nowMs() });
    await this.#state(`set policy ${generation}`, [this.#sign('policy', payload)]);
  }

  async take(all: readonly Uint8Array[]): Promise<{ added: number; known: number; early: number }> {
    const { set } = this.up();
    const known = all.filter((bytes, index) => {
      const read = set.read(bytes);
      if (typeof read !== 'string') return set.has(read.id);
      throw new HoldfastError(
        'STATEMENT_REFUSED',
        `statements[${index}]: it is no statement of this fleet: ${read}. Nothing was taken.`,
        { field: `statements[${index}]` },
      );
    }).length;
    const before = set.size;
    // What is early may follow what it needs.
    for (let held = -1; held < set.size; ) {
      held = set.size;
      await this.#parts.supervisor.change((member) => member.state(all));
    }
    const added = set.size - before;
    if (added > 0) this.#parts.onStated(`bring ${added} statements`);
    return { added, known, early: all.length - added - known };
  }

  async clearFork(text: string): Promise<boolean> {
    const { clearForks, isSuspended } = this.up();
    const suspended = rowsNamed(this.rows(), text).filter(({ key }) => isSuspended(key));
    for (const { key } of suspended) {
      await this.#parts.supervisor.change(() => clearForks(key));
    }
    return suspended.length > 0;
  }

  warnings(): readonly string[] {
    const { supervisor, crypto } = this.#parts;
    const trust = supervisor.member?.trust;
    const twice = supervisor.duplicates.map((key) => {
      const met = supervisor.peers().find(({ nodeId }) => nodeId === key)?.name;
      return (trust && nameOfKey(trust.set.trust, key)) || met || formatNodeId(key, crypto);
    });
    return [
      ...twiceWarnings(twice),
      ...(trust === undefined ? [] : trustWarnings(trust, supervisor.nodeId)),
    ];
  }

  #plan(member: TrustMemberRow): PlannedEjection {
    const { cutsOf, heldByPeers } = this.up();
    const elsewhere = heldByPeers(member.key);
    const cuts = cutsOf(member.key).map((cut) => {
      const furthest = elsewhere.get(cutKey(cut)) ?? 0;
      return { ...cut, lostCommits: Math.max(0, furthest - cut.seq) };
    });
    return { member, cuts };
  }

  #sign(kind: 'ejection' | 'policy', payload: Uint8Array): Statement {
    const { signer, crypto } = this.#parts;
    return signStatement(kind, payload, { fleetId: this.up().set.fleetId, signer, hash: crypto });
  }

  async #state(what: string, statements: readonly Statement[]): Promise<void> {
    const bytes = statements.map((statement) => statement.bytes);
    const { fault } = await this.#parts.supervisor.change((member) => member.state(bytes));
    if (fault !== undefined) throw new HoldfastError('STATEMENT_REFUSED', `${fault}.`);
    this.#parts.onStated(what);
  }

  #nowMs(): number {
    return Math.floor(this.#parts.clock.now().wallMs);
  }
}

function checkRank(doubt: string | undefined, what: string): void {
  if (doubt === undefined) return;
  throw new HoldfastError(
    'RANK_MISSING',
    `Cannot ${what}: ${doubt}. Nothing was signed; do it on a member that may, or with --root-key.`,
  );
}
