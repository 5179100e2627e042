// A node whose effects are carried out by the test: stored commits in an array, time as a number, nothing that waits.
import {
  type Ack,
  type Caller,
  DEFAULT_CORE_CONFIG,
  type Effect,
  HoldfastError,
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
import { createSigner, sodiumCrypto } from '../../src/sidecar/sodium-crypto.ts';

export const ADMIN: Caller = { scope: 'admin' };
export const START_MS = 1_800_000_000_000;
const FLEET_ID = new Uint8Array(32).fill(9);

type Persist = Extract<Effect, { type: 'persist' }>;

export function agent(name: string): Caller {
  return { scope: 'agent', agent: name };
}

/** Runs one turn per call. `effects` holds those of the last turn, `stored` everything persisted so far. */
export class TestNode {
  readonly node: Node;
  readonly name: string;
  readonly incarnation: string;
  readonly stored: Persist['commits'][number][] = [];
  effects: Effect[] = [];
  nowMs = START_MS;
  #requests = 0;

  constructor(name: string, memory?: Partial<NodeMemory>, config = DEFAULT_CORE_CONFIG) {
    this.name = name;
    const seed = sodiumCrypto.blake2b(utf8(name));
    const signer = createSigner(seed);
    this.incarnation = toHex(sodiumCrypto.blake2b(seed).subarray(0, 16));
    this.node = new Node({
      identity: {
        nodeId: toHex(signer.publicKey),
        name,
        incarnation: this.incarnation,
        agents: new Set([name]),
        bootTags: new Map([0, 1].map((boot) => [boot, toHex(seed.subarray(boot, boot + 4))])),
      },
      fleetId: FLEET_ID,
      config,
      crypto: sodiumCrypto,
      signer,
      memory: { feeds: [], views: [], stale: [], clock: 0n, firstVersion: 0, ...memory },
    });
  }

  /** Handles an event and ends the turn. */
  turn(...events: Parameters<Node['handle']>[0][]): Effect[] {
    const now = { wallMs: this.nowMs, monotonicMs: this.nowMs - START_MS };
    for (const event of events) this.node.handle(event, now);
    this.effects = this.node.handle({ type: 'turn-ended' }, now);
    for (const effect of this.effects)
      if (effect.type === 'persist') this.stored.push(...effect.commits);
    for (const effect of this.effects) {
      if (effect.type === 'load-document') this.#answerLoad(effect);
    }
    return this.effects;
  }

  request<M extends Method>(method: M, body: RequestOf<M>, caller: Caller = ADMIN): ResponseOf<M> {
    const requestId = ++this.#requests;
    const replies: Effect[] = [
      ...this.turn({ type: 'request', requestId, request: { method, caller, body } as Request }),
    ];
    const reply = [...replies, ...this.effects].find(
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

  /** Everything this node stored of a lane, as one run. */
  runs(): Run[] {
    const byFeed = new Map<string, Run & { commits: Run['commits'][number][] }>();
    for (const { commit } of this.stored) {
      const key = JSON.stringify(commit.feed);
      const run = byFeed.get(key) ?? { feed: commit.feed, firstSeq: 1, commits: [] };
      run.commits.push(commit);
      byFeed.set(key, run);
    }
    return [...byFeed.values()];
  }

  /** Takes runs of another node; returns why they were refused. */
  receive(runs: readonly Run[]): string | undefined {
    const effects = this.turn({ type: 'runs-received', deliveryId: 1, runs });
    const delivered = effects.find((effect) => effect.type === 'delivered');
    if (delivered?.type !== 'delivered') return 'not answered';
    return delivered.outcome.type === 'stored' ? undefined : delivered.outcome.reason;
  }

  /** Loads are answered at once from what was stored, in a turn of their own. */
  #answerLoad({ key, generation }: Extract<Effect, { type: 'load-document' }>): void {
    const changes = this.stored
      .flatMap(({ ops }) => ops)
      .filter((op) => op.key === key && op.kind === 'change' && op.generation === generation)
      .map((op) => op.bytes);
    const before = this.effects;
    this.turn({ type: 'document-loaded', key, generation, changes });
    this.effects = [...before, ...this.effects];
  }
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
