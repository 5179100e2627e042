// A Backend whose answers a test writes: it records what was asked and lets changes be announced.

import {
  type AccessHolder,
  type Caller,
  type ChangeListener,
  type CommandRow,
  type DocumentRow,
  type Freshness,
  HoldfastError,
  type JsonObject,
  type JsonValue,
  type Method,
  type RequestOf,
  type ResponseOf,
  type Summary,
  type TokenHolder,
} from '../../../../src/core/index.ts';
import type {
  BundlePiece,
  BundleSince,
  BundleSource,
} from '../../../../src/sidecar/api/controls/bundle-control.ts';
import type {
  AccessRow,
  AdminControl,
  Backend,
  BundleControl,
  BundleReportRow,
  BundleStep,
  DelegationControl,
  Diagnosis,
  DiscoveryRow,
  ExplainControl,
  MeshControl,
  PeerRow,
  SealedPart,
  SecretControl,
  SidecarInfo,
  TelemetryControl,
  TrustControl,
} from '../../../../src/sidecar/api/index.ts';
import { FakeEnrolment } from './fake-enrolment.ts';
import { FakeDelegations, FakeTrust } from './fake-trust.ts';

export type Answers = {
  [M in Method]?: (body: RequestOf<M>, caller: Caller) => ResponseOf<M> | Promise<ResponseOf<M>>;
};

export interface Submitted {
  readonly method: Method;
  readonly caller: Caller;
  readonly body: unknown;
}

/** A node id as the core writes it. */
export const ORIGIN = 'ab'.repeat(32);

export const FRESHNESS: Freshness = {
  observedAtMs: 1_000,
  receivedAtMs: 2_000,
  ageMs: 1_500,
  heardAgeMs: 500,
  presence: 'alive',
  presenceReason: 'heartbeats',
  revision: '0-abc',
  origin: ORIGIN,
  path: { kind: 'direct' },
};

export const DOCUMENT: DocumentRow = {
  collection: 'notes',
  id: 'a',
  value: { text: 'hello' },
  freshness: FRESHNESS,
};

export const COMMAND: CommandRow = {
  id: 'abcdefghijklmnopqrstuvwxyz',
  agent: 'edge-7',
  kind: 'restart',
  args: { service: 'nginx' },
  issuedAtMs: 1_000,
  expiresAtMs: 3_601_000,
  requestedBy: 'hub/admin',
  target: { type: 'agent', agent: 'edge-7' },
  notBeforeMs: undefined,
  runTimeoutMs: undefined,
  effect: 'at_most_once',
  maxAttempts: 1,
  slot: '',
  priority: 5,
  state: 'pending',
  confirmed: false,
  attempt: 0,
  claimant: '',
  reachedAtMs: undefined,
  via: '',
  acceptedAtMs: undefined,
  startedAtMs: undefined,
  finishedAtMs: undefined,
  progress: undefined,
  replacedBy: '',
  cancel: undefined,
  cancelTooLate: false,
  rollUp: undefined,
  withheld: '',
  message: '',
  result: undefined,
  freshness: FRESHNESS,
};

export const PEER: PeerRow = {
  address: '10.0.0.2:7677',
  nodeId: 'peer-node',
  name: 'north',
  state: 'connected',
  path: 'lan',
  remoteAddress: '10.0.0.2:7677',
  contacts: [
    {
      address: '10.0.0.2:7677',
      sources: ['added'],
      names: ['south.example:7677'],
      attempts: 2,
      lastError: 'connection refused',
    },
  ],
  roundTripMs: 1.25,
  lastSeenMs: 5_000,
  lastError: '',
  bytesReceived: 10,
  bytesSent: 20,
  attempts: 0,
  outbound: true,
  budgetBytesPerSecond: undefined,
  receivedBytesPerSecond: 1.4,
  sentBytesPerSecond: 2.5,
  stalls: 0,
  linkClass: 'lan',
  lastLoss: 'the peer is stopping',
  lastLostMs: 4_000,
};

export const SUMMARY: Summary = {
  documents: 3,
  feeds: 2,
  commits: 40,
  stateHash: 'feed',
  voidOps: 0,
  quarantined: [],
  heldFeeds: [],
  clockSuspect: undefined,
  hlcMs: 0,
};

export const BUNDLE_REPORT: BundleReportRow = {
  nodeId: 'peer-node',
  name: 'north',
  createdMs: 4_000,
  isOwn: false,
  bytes: 500,
  lanes: [{ lane: 'command', commits: 3, newCommits: 2, bytes: 90 }],
  members: 2,
  forkProofs: 1,
  statements: 2,
  leftCommits: 5,
  leftBytes: 700,
  nextBytes: 0,
  againstFeeds: 4,
  frontierFeeds: 6,
  held: [{ author: 'some-node', lane: 'state', reason: 'its clock' }],
  heldFeeds: 1,
  heldCommits: 8,
  gaps: 0,
  isWhole: true,
  fault: '',
  frontier: '',
};

const DEFAULT_ANSWERS: Answers = {
  leave: () => ({ left: true, ack: 'local' }),
  heartbeat: ({ ack }) => ({ receivedAtMs: 1_000, ack, pendingCommands: 2 }),
  put: ({ items, ack }) => ({
    results: items.map(() => ({ revision: '0-new', changed: true })),
    ack,
  }),
  get: () => DOCUMENT,
  issueCommand: () => ({ command: COMMAND, created: true }),
  summary: () => SUMMARY,
};

export class FakeBackend implements Backend {
  telemetry: TelemetryControl | undefined;
  readonly info: SidecarInfo = {
    nodeId: 'self-node',
    name: 'edge-7',
    version: '0.1.0',
    fleetMode: 'open',
    fleet: 'fleetfp',
    startedAtMs: 1_000,
    agents: ['edge-7'],
  };
  readonly mesh: FakeMesh = new FakeMesh();
  readonly bundles: FakeBundles = new FakeBundles();
  readonly enrolment: FakeEnrolment = new FakeEnrolment();
  readonly secrets: FakeSecrets = new FakeSecrets();
  readonly admin: FakeAdmin = new FakeAdmin();
  readonly explain: ExplainControl = new FakeExplain();
  readonly trust: TrustControl = new FakeTrust();
  readonly delegations: DelegationControl = new FakeDelegations();
  readonly submitted: Submitted[] = [];
  readonly listeners = new Set<ChangeListener>();
  reasonsNotReady: string[] = [];
  reachNow: ReturnType<NonNullable<Backend['reach']>>;
  shortfallNow: ReturnType<NonNullable<Backend['shortfall']>>;
  answers: Answers;
  readonly #stopping = new AbortController();

  constructor(answers: Answers = {}) {
    this.answers = { ...DEFAULT_ANSWERS, ...answers };
  }

  get stopping(): AbortSignal {
    return this.#stopping.signal;
  }

  async submit<M extends Method>(
    method: M,
    caller: Caller,
    body: RequestOf<M>,
  ): Promise<ResponseOf<M>> {
    this.submitted.push({ method, caller, body });
    const answer: Answers[M] = this.answers[method];
    if (answer === undefined) throw new Error(`The fake has no answer for ${method}.`);
    return answer(body, caller);
  }

  onChange(listener: ChangeListener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  metrics: Backend['metrics'];

  damage(): readonly string[] {
    return [];
  }

  notReady(): readonly string[] {
    return this.reasonsNotReady;
  }

  reach(): ReturnType<NonNullable<Backend['reach']>> {
    return this.reachNow;
  }

  shortfall(): ReturnType<NonNullable<Backend['shortfall']>> {
    return this.shortfallNow;
  }

  /** In these collections; in any if nothing is said. */
  announceChange(collections?: ReadonlySet<string>): void {
    for (const listener of [...this.listeners]) listener(collections);
  }

  beginToStop(): void {
    this.#stopping.abort();
  }
}

/** Tells of everything that this sidecar alone has it. */
class FakeExplain implements ExplainControl {
  async command({ steps, waitsFor, diesAtMs, advice }: ResponseOf<'explainCommand'>) {
    const holders = [
      { nodeId: 'self-node', name: 'edge-7', holding: 'held', linked: true, heardMs: undefined },
    ] as const;
    return { steps, holders, waitsFor, diesAtMs, advice };
  }

  async document(told: ResponseOf<'explainDocument'>) {
    const explanation = { steps: [], holders: [], waitsFor: told.trouble, advice: [] };
    return { writes: [], stored: 3, explanation: { ...explanation, diesAtMs: undefined } };
  }

  async peer() {
    const explanation = { steps: [], holders: [], waitsFor: [], advice: ['wait'] };
    const gaps = { peerLacks: { feeds: 1, commits: 7 }, weLack: undefined };
    return {
      nodeId: PEER.nodeId,
      address: PEER.address,
      ...gaps,
      explanation: { ...explanation, diesAtMs: undefined },
    };
  }
}

/** Every export is these steps, every import that report; what was asked is kept. */
class FakeBundles implements BundleControl {
  steps: BundleStep[] = [];
  report: BundleReportRow = BUNDLE_REPORT;
  readonly exports: unknown[] = [];
  readonly pieces: BundlePiece[] = [];
  received: BundleSource[] = [];

  async *export(since: BundleSince, maxBytes: number): AsyncGenerator<BundleStep, void, void> {
    this.exports.push({ since, maxBytes });
    yield* this.steps;
  }

  async take(piece: BundlePiece): Promise<BundleReportRow> {
    this.pieces.push(piece);
    return this.report;
  }

  frontier(): { text: string; feeds: number } {
    return { text: 'hff1-aa', feeds: 7 };
  }

  sources(): readonly BundleSource[] {
    return this.received;
  }
}

/** Seals by saying so, and opens what says that it is sealed. */
class FakeSecrets implements SecretControl {
  readonly opened: string[] = [];

  seal(
    value: JsonValue,
    { agent, path }: { readonly agent: string; readonly path: readonly string[] },
  ) {
    return {
      sealed: { $sealed: { agent, path: [...path], value } },
      readers: [`node-of-${agent}`],
    };
  }

  sealForMany(
    value: JsonValue,
    { path }: { readonly path: readonly string[] },
    agents: readonly string[],
  ) {
    return {
      sealed: { $sealed: { agents: [...agents], path: [...path], value } },
      readers: agents.map((agent) => `node-of-${agent}`),
    };
  }

  openParts(agent: string, parts: readonly SealedPart[]) {
    this.opened.push(agent);
    return parts.map(({ place }) =>
      place.path.at(-1) === 'closed' ? 'not ours' : { value: `opened ${place.id}` },
    );
  }

  open(value: JsonObject, { agent }: { readonly agent: string }) {
    this.opened.push(agent);
    return { value: { ...value, opened: true }, closed: [{ path: ['a', 'b'], why: 'not ours' }] };
  }
}

/** Tokens by name, none of which lies anywhere. */
class FakeAdmin implements AdminControl {
  holders: TokenHolder[] = [
    { scope: 'admin' },
    { scope: 'agent', agent: 'edge-7' },
    { scope: 'read', name: 'grafana' },
    { scope: 'command', name: 'deployer' },
  ];

  async addAgent(agent: string): Promise<{ tokenFile: string; added: boolean }> {
    this.holders.push({ scope: 'agent', agent });
    return { tokenFile: `/data/tokens/agent-${agent}`, added: true };
  }

  async removeAgent(agent: string): Promise<void> {
    this.holders = this.holders.filter((one) => one.scope !== 'agent' || one.agent !== agent);
  }

  async addAccess(holder: AccessHolder): Promise<string> {
    this.holders.push(holder);
    return `/data/tokens/${holder.scope}-${holder.name}`;
  }

  listAccess(): readonly AccessRow[] {
    return this.holders.map((holder) => ({ holder, tokenFile: '/data/tokens/x' }));
  }

  async removeAccess(name: string): Promise<TokenHolder> {
    const found = this.holders.find((one) => 'name' in one && one.name === name);
    if (found === undefined) throw new HoldfastError('NOT_FOUND', `There is no "${name}".`);
    this.holders = this.holders.filter((one) => one !== found);
    return found;
  }

  async diagnose(): Promise<Diagnosis> {
    return { report: { running: true, identity: { name: 'edge-7' } }, log: ['a line'] };
  }
}

class FakeMesh implements MeshControl {
  readonly address = '10.0.0.1:7677';
  paused = false;
  readonly pausedPeers = new Set<string>();
  rows: PeerRow[] = [PEER];
  readonly added: string[] = [];

  discoveries(): readonly DiscoveryRow[] {
    return [
      { source: 'multicast', state: 'looking', note: 'on eth0' },
      { source: 'dht', state: 'silent', note: '' },
    ];
  }

  peers(): readonly PeerRow[] {
    return this.rows;
  }

  async addPeer(address: string): Promise<boolean> {
    this.added.push(address);
    return true;
  }

  async removePeer(): Promise<void> {}

  async pause(peer: string): Promise<number> {
    if (peer === '') this.paused = true;
    else this.pausedPeers.add(peer);
    return 1;
  }

  async resume(peer: string): Promise<void> {
    if (peer === '') this.paused = false;
    else this.pausedPeers.delete(peer);
  }

  receiveOnlySinceMs: number | undefined;

  async setReceiveOnly(on: boolean): Promise<boolean> {
    const isChange = on !== (this.receiveOnlySinceMs !== undefined);
    this.receiveOnlySinceMs = on ? 1_800_000_000_000 : undefined;
    return isChange;
  }
}
