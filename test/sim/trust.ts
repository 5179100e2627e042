// The trust of one world: who was let in as what, what was signed since and where it was told, and who is in at the end of it.
import { type FeedHead, type NodeId, type TrustSet, toHex } from '../../src/core/index.ts';
import type { Cut, Role, Statement } from '../../src/core/trust/index.ts';
import { createSeededRandom } from '../../src/testing/index.ts';
import type { Actor } from '../core/trust/support/fleet.ts';
import { FoundedFleet, type KeyHolder, keyHolder } from '../support/fleet.ts';
import { headsOn } from './disk-heads.ts';
import { OUTSIDER_NAME } from './outsider.ts';
import type { Act, Plan, Rank } from './plan.ts';
import type { Scene } from './scene.ts';
import { keySeed, type SimNode } from './sim-node.ts';

export type TrustAct = Extract<
  Act,
  { do: 'eject' | 'renew' | 'policy' | 'capture' | 'annul' | 'certify' }
>;

const ROLES: Readonly<Record<Rank, readonly Role[]>> = {
  issuer: ['issuer', 'hub', 'agent'],
  ejector: ['ejector', 'agent'],
  hub: ['hub', 'agent'],
  agent: ['agent'],
  late: ['agent'],
};
/** Whatever a wall clock of these worlds shows. */
const LASTING = { notBeforeMs: 0, expiresMs: Date.UTC(2200, 0, 1) };
const EVERYBODY: ReadonlySet<Role> = new Set(['agent', 'hub']);

interface Told {
  readonly statement: Statement;
  readonly at: SimNode;
  /** Somebody who stays has it for sure. */
  isKept: boolean;
}

export class SimTrust {
  readonly #scene: Scene;
  readonly fleet: FoundedFleet;
  readonly #holders: readonly KeyHolder[];
  readonly #outsider: KeyHolder;
  readonly #first: readonly Statement[];
  readonly #told: Told[] = [];
  /** Signed with the issuer's key by somebody else. */
  readonly #rogue = new Set<Statement>();
  #isLate = false;
  #generation = 1;
  #known: TrustSet | undefined;

  constructor(scene: Scene, plan: Plan) {
    this.#scene = scene;
    const { seed } = plan;
    this.fleet = new FoundedFleet(`sim-${seed}`);
    this.#holders = plan.nodes.map(({ name }) => keyHolder(name, keySeed(`${seed}`, name)));
    this.#outsider = outsiderKey(`${seed}`);
    const [issuer] = this.#holders as [KeyHolder];
    for (const [index, holder] of this.#holders.entries()) {
      const { rank = 'agent', cloneOf } = plan.nodes[index] ?? {};
      if (rank === 'late' || cloneOf !== undefined) continue;
      const isRanked = rank === 'issuer' || rank === 'ejector';
      this.fleet.admit(holder, ROLES[rank], isRanked ? this.fleet.root : issuer, {
        ...LASTING,
        ...(rank === 'ejector' ? { ejectsPrefix: 'node-' } : {}),
      });
    }
    if (plan.outsider === 'malicious') this.fleet.admit(this.#outsider, ['agent'], issuer, LASTING);
    this.#first = [
      this.fleet.policy(
        1,
        ['notes', 'free'].map((collection) => ({
          ...{ collection, class: 'shared', writers: EVERYBODY },
        })),
        this.fleet.root,
      ),
      // Who may sign what is told to everybody when the site is built.
      ...this.#ranked(),
    ];
  }

  foundedOf(index: number): readonly Uint8Array[] {
    return this.fleet.founded(this.#holder(index), ...this.#first);
  }

  /** What the outsider brings: its certificate, or what a stranger would try. */
  get outsider(): { readonly founded: readonly Uint8Array[]; readonly key: KeyHolder } {
    const key = this.#outsider;
    if (this.#scene.plan.outsider === 'malicious')
      return { founded: this.fleet.founded(key, ...this.#first), key };
    const other = new FoundedFleet('another');
    const { seed } = this.#scene.plan;
    if (seed % 3 === 0) return { founded: this.fleet.founded(key), key };
    if (seed % 3 === 1) other.admit(key, ['hub', 'agent'], other.root, LASTING);
    const own = this.fleet.certify(key, ['hub', 'agent'], key, LASTING);
    return { founded: seed % 3 === 1 ? other.founded(key) : this.fleet.founded(key, own), key };
  }

  perform(node: SimNode, act: TrustAct): Promise<void> | undefined {
    const { fleet } = this;
    const [issuer] = this.#holders as [KeyHolder];
    switch (act.do) {
      case 'eject':
        return this.#eject(node, act);
      case 'renew': {
        const generation = ++this.#generation;
        const rank = this.#scene.plan.nodes[act.whom]?.rank ?? 'agent';
        const isRanked = rank === 'issuer' || rank === 'ejector';
        const by = isRanked ? fleet.root : issuer;
        const details = { ...LASTING, generation, ejectsPrefix: 'node-' };
        this.#tell(node, fleet.certify(this.#holder(act.whom), ROLES[rank], by, details));
        return undefined;
      }
      case 'certify':
        this.#tell(node, fleet.certify(this.#holder(act.whom), ROLES.late, issuer, LASTING));
        return undefined;
      case 'policy': {
        const free = {
          collection: 'free',
          class: 'shared',
          writers: new Set(act.writers),
        } as const;
        const notes = { collection: 'notes', class: 'shared', writers: EVERYBODY } as const;
        this.#tell(node, fleet.policy(++this.#generation, [notes, free], issuer));
        return undefined;
      }
      case 'capture': {
        const rogue = [
          fleet.certify(this.#outsider, ['hub', 'agent'], issuer, {
            ...{ ...LASTING, agents: [this.#holder(act.whom).name] },
          }),
          fleet.eject(this.#holder(act.whom), issuer, [], 'says the thief'),
          fleet.policy(++this.#generation, [], issuer),
        ];
        for (const statement of rogue) {
          this.#rogue.add(statement);
          this.#tell(node, statement);
        }
        return undefined;
      }
      case 'annul': {
        const signed = [...this.#told.map(({ statement }) => statement), ...this.#initial()];
        const kept = signed
          .filter((one) => one.signer === issuer.key && !this.#rogue.has(one))
          .map(({ id }) => id);
        this.#tell(node, fleet.annul(issuer, fleet.root, [...new Set(kept)]));
        return undefined;
      }
    }
  }

  /** All that was ever signed in this world, as everybody must come to know it. */
  get all(): TrustSet {
    if (this.#known !== undefined) return this.#known;
    const set = this.fleet.set(...this.#initial(), ...this.#told.map(({ statement }) => statement));
    this.#known = set;
    return set;
  }

  isOut(index: number): boolean {
    return this.all.doubtMember(this.#holder(index).key) !== undefined;
  }

  /** Whether something was told that may have been held later than it says: what lay at a cut may have been replaced meanwhile. */
  get isLate(): boolean {
    return this.#isLate || this.#scene.nodes.some(({ isRestored }) => isRestored);
  }

  /** Whether anybody ever said that it is to be put out. */
  isSuspect(index: number): boolean {
    const { key } = this.#holder(index);
    return this.#told.some(
      ({ statement: { kind, payload } }) => kind === 'ejection' && toHex(payload).includes(key),
    );
  }

  nameOf(key: NodeId): string | undefined {
    return [...this.#holders, this.#outsider].find((one) => one.key === key)?.name;
  }

  /** When the faults stop, what may have been lost with a disk, or was told to nobody who stays, is told once more by its signer. */
  repeat(stays: readonly SimNode[]): void {
    const told = this.#told.filter(
      ({ isKept, at }) => !isKept || at.isRestored || !stays.includes(at),
    );
    const statements = [...this.#initial(), ...told.map(({ statement }) => statement)];
    const node = stays.find(({ member }) => member !== undefined);
    if (node === undefined) return;
    node.member?.member?.state(statements.map(({ bytes }) => bytes)).then(
      ({ held, fault }) => {
        if (fault !== undefined) this.#scene.violate(0, `${node.name} refused: ${fault}`);
        for (const one of told)
          if (held.includes(one.statement.id) && !node.isRestored) one.isKept = true;
      },
      () => undefined,
    );
  }

  async #eject(node: SimNode, { by, whom }: Extract<TrustAct, { do: 'eject' }>): Promise<void> {
    const subject = whom === 'outsider' ? this.#outsider : this.#holder(whom);
    // Whoever puts somebody out says where by what it holds at that moment.
    if (node.member === undefined) return;
    const heads = await headsOn(node);
    const cuts = heads.filter((head) => head.feed.author === subject.key).flatMap(cutAt);
    const signer: Actor = by === 'root' ? this.fleet.root : this.#holder(by === 'issuer' ? 0 : 1);
    this.#tell(node, this.fleet.eject(subject, signer, cuts, `by ${by} at ${node.name}`));
  }

  #tell(node: SimNode, statement: Statement): void {
    const told: Told = { statement, at: node, isKept: false };
    this.#told.push(told);
    this.#known = undefined;
    const scene = this.#scene;
    node.member?.member?.state([statement.bytes]).then(
      ({ held, fault }) => {
        if (fault !== undefined) scene.violate(0, `${node.name} refused a statement: ${fault}`);
        if (held.includes(statement.id)) told.isKept = true;
        else this.#isLate = true;
      },
      () => {
        this.#isLate = true;
      },
    );
  }

  #initial(): Statement[] {
    const own = this.#holders.flatMap((holder) => this.fleet.certificatesOf(holder));
    return [
      ...this.#ranked(),
      ...this.fleet.certificatesOf(this.#outsider),
      ...own,
      ...this.#first,
    ];
  }

  #ranked(): readonly Statement[] {
    return this.#holders.slice(0, 2).flatMap((holder) => this.fleet.certificatesOf(holder));
  }

  #holder(index: number): KeyHolder {
    return this.#holders[index] as KeyHolder;
  }
}

export function outsiderKey(seed: string): KeyHolder {
  return keyHolder(OUTSIDER_NAME, createSeededRandom(`${seed}/outsider`).bytes(32));
}

/** Where whoever holds that much of a feed would cut it. Of a feed that is covered as a whole nothing counts by itself. */
function cutAt({ feed, seq, base, hash }: FeedHead): Cut[] {
  const { incarnation, lane } = feed;
  if (hash.length === 0 || seq < base) return [];
  return [{ incarnation, lane, seq, hash: Buffer.from(hash).toString('hex') }];
}
