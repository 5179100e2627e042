// A node whose effects are carried out by the test: stored commits in an array, time as a number, nothing that waits.
import {
  type Ack,
  type Caller,
  type ClockWatch,
  type Commit,
  createIncarnation,
  DEFAULT_CORE_CONFIG,
  type Effect,
  type Event,
  FORGETTING,
  type Forgetting,
  feedKey,
  HoldfastError,
  hlcMs,
  type JsonObject,
  type Method,
  Node,
  type NodeMemory,
  type Request,
  type RequestOf,
  type ResponseOf,
  type Run,
  toHex,
  utf8,
} from '../../src/core/index.ts';
import type { TrustSet } from '../../src/core/trust/index.ts';
import { createSigner, sodiumCrypto } from '../../src/sidecar/sodium-crypto.ts';
import { type Stored, TestDisk } from './test-disk.ts';

export const ADMIN: Caller = { scope: 'admin' };
export const START_MS = 1_800_000_000_000;
const FLEET_ID = new Uint8Array(32).fill(9);

/** Never by itself: the test says when a lane gets a checkpoint. */
const NOT_DUE = { commits: Infinity, bytes: Infinity, ageMs: Infinity };
export const NEVER_DUE: Forgetting['checkpointDue'] = {
  trust: NOT_DUE,
  command: NOT_DUE,
  state: NOT_DUE,
  pulse: NOT_DUE,
};
// By age, too: a checkpoint that is due by that is written whether or not it makes room.
const DUE = { commits: 1, bytes: Infinity, ageMs: 0 };
/** Whenever something was written and the node looks. */
export const ALWAYS_DUE: Forgetting['checkpointDue'] = {
  trust: DUE,
  command: DUE,
  state: DUE,
  pulse: DUE,
};

export interface TestStart {
  readonly checkpointDue?: Forgetting['checkpointDue'];
  /** Beside that. */
  readonly forgetting?: Partial<Forgetting>;
  /** What an earlier run of the node left. */
  readonly disk?: TestDisk;
  readonly nowMs?: number;
  /** Judges its clock. */
  readonly clockWatch?: ClockWatch;
  /** Who is a member; of an open fleet where this is left out. */
  readonly trust?: TrustSet;
}

export function agent(name: string): Caller {
  return { scope: 'agent', agent: name };
}

/** Runs one turn per call. `effects` holds those of the last turn, `stored` the commits persisted so far and not pruned. */
export class TestNode {
  readonly node: Node;
  readonly name: string;
  readonly incarnation: string;
  readonly nodeId: string;
  readonly disk: TestDisk;
  /** May be changed at any time. */
  due: Forgetting['checkpointDue'];
  effects: Effect[] = [];
  nowMs: number;
  #requests = 0;

  constructor(
    name: string,
    memory?: Partial<NodeMemory>,
    config = DEFAULT_CORE_CONFIG,
    start: TestStart = {},
  ) {
    this.name = name;
    this.disk = start.disk ?? new TestDisk();
    this.nowMs = start.nowMs ?? START_MS;
    this.due = start.checkpointDue ?? FORGETTING.checkpointDue;
    const { trust } = start;
    if (trust !== undefined) this.disk.counts = (author, key) => trust.mayWrite(author, key);
    const seed = sodiumCrypto.blake2b(utf8(name));
    const signer = createSigner(seed);
    this.nodeId = toHex(signer.publicKey);
    const remembered = { ...this.disk.memory(this.nodeId), ...memory };
    const startMs = Math.max(this.nowMs, hlcMs(remembered.clock) + 1);
    this.incarnation = createIncarnation(this.nodeId, startMs, seed.subarray(0, 4), sodiumCrypto);
    this.node = new Node({
      identity: {
        nodeId: this.nodeId,
        name,
        incarnation: this.incarnation,
        agents: new Set([name]),
        bootTags: new Map(
          [0, 1, 2, 3, 4, 5, 6, 7].map((boot) => [boot, toHex(seed.subarray(boot, boot + 4))]),
        ),
      },
      fleetId: start.trust?.fleetId ?? FLEET_ID,
      trust: start.trust,
      clockWatch: start.clockWatch,
      config,
      crypto: sodiumCrypto,
      signer,
      memory: remembered,
      forgetting: { ...FORGETTING, ...start.forgetting, checkpointDue: this.#dueNow() },
    });
    // The first turn carries out what the node asks for at its birth.
    this.turn();
  }

  #dueNow(): Forgetting['checkpointDue'] {
    const due = (): Forgetting['checkpointDue'] => this.due;
    return {
      get trust() {
        return due().trust;
      },
      get command() {
        return due().command;
      },
      get state() {
        return due().state;
      },
      get pulse() {
        return due().pulse;
      },
    };
  }

  get stored(): Stored[] {
    return this.disk.stored;
  }

  /** Handles an event and ends the turn. What the node asks its disk for is answered at once, in turns of their own. */
  turn(...events: Parameters<Node['handle']>[0][]): Effect[] {
    const now = { wallMs: this.nowMs, monotonicMs: this.nowMs - START_MS };
    for (const event of events) this.node.handle(event, now);
    const effects = this.node.handle({ type: 'turn-ended' }, now);
    for (const effect of effects) if (effect.type === 'persist') this.disk.persist(effect);
    const answers = effects.flatMap((effect) => this.#answersTo(effect));
    const later = answers.flatMap((answer) => this.turn(answer));
    this.effects = [...effects, ...later];
    return this.effects;
  }

  /** Looks whether checkpoints are due, as a timer makes it do from time to time. */
  look(): Effect[] {
    return this.turn({ type: 'timer', name: 'checkpoint-look' });
  }

  #answersTo(effect: Effect): Event[] {
    switch (effect.type) {
      case 'prune': {
        const voided = this.disk.prune(effect.voided, [], true);
        const documents = [...voided, ...this.disk.prune(effect.superseded, effect.closed)];
        return documents.length === 0 ? [] : [{ type: 'documents-reduced', documents }];
      }
      case 'reconsider':
        return effect.authors.flatMap((author): Event[] => {
          const { documents, commits } = this.disk.reconsider(author);
          return [
            { type: 'documents-reduced', documents },
            { type: 'commits-replayed', commits },
          ];
        });
      case 'gather-live':
        return [{ type: 'live-gathered', lane: effect.lane, ops: this.disk.gather(effect) }];
      case 'load-document': {
        const { key, generation } = effect;
        const changes = this.disk.changes(key, generation);
        return [{ type: 'document-loaded', key, generation, changes }];
      }
      default:
        return [];
    }
  }

  request<M extends Method>(method: M, body: RequestOf<M>, caller: Caller = ADMIN): ResponseOf<M> {
    const requestId = ++this.#requests;
    const request = { method, caller, body } as Request;
    const reply = this.turn({ type: 'request', requestId, request }).find(
      (effect) => effect.type === 'reply' && effect.requestId === requestId,
    );
    if (reply?.type !== 'reply') throw new Error(`${method} was not answered`);
    if (!reply.outcome.ok) throw reply.outcome.error;
    return reply.outcome.response as ResponseOf<M>;
  }

  put(key: string, value: JsonObject, ack: Ack = 'local'): ResponseOf<'put'> {
    return this.request('put', { items: [{ ...split(key), value }], ack, batch: false });
  }

  read(key: string): JsonObject | undefined {
    try {
      return this.request('get', split(key)).value;
    } catch (error) {
      if (error instanceof HoldfastError && error.reason === 'NOT_FOUND') return undefined;
      throw error;
    }
  }

  get stateHash(): string {
    return this.request('summary', {}).stateHash;
  }

  /** Everything this node stored, a run for each stretch of a feed. One that does not begin a feed brings the hash before it. */
  runs(): Run[] {
    const runs: (Omit<Run, 'commits'> & { commits: Commit[] })[] = [];
    const stored = this.stored.map(({ commit }) => commit).sort(byPlace);
    for (const commit of stored) {
      const run = runs.at(-1);
      const last = run?.commits.at(-1);
      if (run && last && feedKey(last.feed) === feedKey(commit.feed) && last.seq + 1 === commit.seq)
        run.commits.push(commit);
      else {
        const { feed, seq, previous } = commit;
        runs.push({ feed, firstSeq: seq, ...(seq > 1 ? { previous } : {}), commits: [commit] });
      }
    }
    return runs;
  }

  /** Takes runs of another node; returns why they were refused. */
  receive(runs: readonly Run[]): string | undefined {
    const effects = this.turn({ type: 'runs-received', deliveryId: 1, runs });
    const delivered = effects.find((effect) => effect.type === 'delivered');
    if (delivered?.type !== 'delivered') return 'not answered';
    return delivered.outcome.type === 'stored' ? undefined : delivered.outcome.reason;
  }
}

/** By feed in the order of their names, then by sequence number. */
function byPlace(a: Commit, b: Commit): number {
  const [left, right] = [feedKey(a.feed), feedKey(b.feed)];
  return left === right ? a.seq - b.seq : left < right ? -1 : 1;
}

export function split(key: string): { collection: string; id: string } {
  const slash = key.indexOf('/');
  return { collection: key.slice(0, slash), id: key.slice(slash + 1) };
}

/** Expects a HoldfastError of that reason, and of that field if one is given. */
export function refusal(reason: string, field?: string): (error: unknown) => boolean {
  return (error) => {
    if (!(error instanceof HoldfastError)) throw error;
    if (error.reason !== reason || (field !== undefined && error.field !== field)) {
      throw new Error(
        `expected ${reason} ${field ?? ''}, got ${error.reason} ${error.field}: ${error.message}`,
      );
    }
    return true;
  };
}
