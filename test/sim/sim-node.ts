// One simulated sidecar: the real supervisor and member on a faulty disk, a faulty clock and a faulty network. Its process can
// end in every way a process ends, and what it still does after that reaches nobody.
import {
  DEFAULT_CORE_CONFIG,
  type Environment,
  FORGETTING,
  type Random,
} from '../../src/core/index.ts';
import type { MemoryNetwork } from '../../src/mesh/transport/memory.ts';
import type { Transport } from '../../src/mesh/transport/transport.ts';
import { deriveNodeKey, type NodeKey } from '../../src/sidecar/identity/node-key.ts';
import { VERSION_TIMES } from '../../src/sidecar/member/member-clock.ts';
import { MemberSupervisor } from '../../src/sidecar/member/member-supervisor.ts';
import type { SupervisorReport } from '../../src/sidecar/member/supervisor-report.ts';
import { sodiumCrypto } from '../../src/sidecar/sodium-crypto.ts';
import type { MemoryStore } from '../../src/sidecar/store/memory-store.ts';
import { createSeededRandom, type ManualClock, SkewedClock } from '../../src/testing/index.ts';
import { FORGETTING_SOON } from '../support/forgetting-soon.ts';
import { SimDisk, type Written } from './disk.ts';
import type { Downfall, PlanNode } from './plan.ts';

/** Clocks of real devices disagree by minutes when nobody sets them. */
const MAX_SKEW_MS = 5 * 60_000;

export interface SimNodeParts {
  readonly index: number;
  readonly plan: PlanNode;
  readonly seed: string;
  readonly clock: ManualClock;
  readonly network: MemoryNetwork;
  readonly fleetSecret: Uint8Array;
  /** Of a fleet with certificates: what it has of them. */
  readonly founded: readonly Uint8Array[] | undefined;
  readonly forgetting: 'soon' | 'usual';
  /** Addresses it dials. */
  readonly peers: readonly string[];
  /** Addresses of everybody else. */
  readonly others: readonly string[];
  report(node: SimNode, report: SupervisorReport): void;
  written(node: SimNode, written: Written): void;
  /** The process ended although nobody told it to. */
  crashed(node: SimNode, why: string): void;
  /** What was on the disk may not be there any more. */
  lost(node: SimNode): void;
}

interface Process {
  readonly clock: SkewedClock;
  state: 'starting' | 'up' | 'stopping' | 'dead';
  supervisor: MemberSupervisor | undefined;
  transport: Transport | undefined;
}

export class SimNode {
  readonly index: number;
  readonly plan: PlanNode;
  readonly address: string;
  readonly disk: SimDisk;
  readonly nodeId: string;
  readonly #parts: SimNodeParts;
  readonly #key: NodeKey;
  readonly #random: Random;
  #process: Process | undefined;
  #starts = 0;
  /** What its wall clock is wrong by now, in milliseconds; kept by the battery while it is down. */
  #offsetMs: number;
  #driftPpm: number;
  #is1970: boolean;
  /** The calm has come: it dials and listens, whatever its plan says. */
  isOnline: boolean;
  /** Its operator ended every pause: one that is on the disk ends when it starts. */
  #isResumed = false;
  /** Its disk was replaced or damaged: what it had not sent may be gone. */
  isRestored = false;
  /** An old copy of its disk, and when it was made by the oracle's time. */
  saved: MemoryStore | undefined;
  savedAt = 0;
  /** A clone that came to life once. */
  isCloned = false;

  constructor(parts: SimNodeParts) {
    const { plan, seed, index } = parts;
    this.#parts = parts;
    this.plan = plan;
    this.index = index;
    this.address = addressOf(plan, index);
    // A clone has the key of the node it is one of.
    this.#key = deriveNodeKey(keySeed(seed, plan.name));
    this.nodeId = Buffer.from(this.#key.signer.publicKey).toString('hex');
    this.#random = createSeededRandom(`${seed}/node/${index}`);
    this.#offsetMs = plan.offsetMs;
    this.#driftPpm = plan.driftPpm;
    this.#is1970 = plan.born1970 === true;
    this.isOnline = plan.offline !== true;
    this.disk = new SimDisk({
      author: this.nodeId,
      onWritten: (written) => parts.written(this, written),
      onKill: (how) => this.down(how),
    });
  }

  get name(): string {
    return this.plan.name;
  }

  /** The supervisor, while the process is up and awake. */
  get member(): MemberSupervisor | undefined {
    const process = this.#process;
    return process?.state === 'up' && !process.clock.stalled ? process.supervisor : undefined;
  }

  /** Tells one process of the node from the next. */
  get process(): object | undefined {
    return this.#process;
  }

  get isDown(): boolean {
    return this.#process === undefined;
  }

  get isAsleep(): boolean {
    return this.#process?.clock.stalled === true;
  }

  /** Minutes are what clocks of devices are off by; this is more. */
  get hasWrongClock(): boolean {
    return this.#is1970 || Math.abs(this.#offsetMs) > MAX_SKEW_MS;
  }

  /** The newest clock reading in what it wrote. */
  get newestClockMs(): number {
    return this.disk.newestClockMs;
  }

  /** What its clock on the wall shows. */
  get wallMs(): number {
    return this.#process?.clock.now().wallMs ?? this.#parts.clock.now().wallMs + this.#offsetMs;
  }

  start(): void {
    if (this.#process !== undefined) return;
    const wallMs = this.#is1970 ? 0 : this.#parts.clock.now().wallMs + this.#offsetMs;
    const clock = new SkewedClock(this.#parts.clock, { wallMs, driftPpm: this.#driftPpm });
    const process: Process = {
      clock,
      state: 'starting',
      supervisor: undefined,
      transport: undefined,
    };
    this.#process = process;
    this.#starts++;
    this.#open(process).catch((error: unknown) => {
      if (process.state === 'dead') return;
      this.down('kill');
      this.#parts.crashed(this, String(error));
    });
  }

  /** Ends the process. A stop takes its time; everything else is over at once. */
  down(how: Downfall): void {
    const process = this.#process;
    if (process === undefined || process.state === 'stopping') return;
    if (how === 'stop' && process.state === 'up' && !process.clock.stalled) {
      process.state = 'stopping';
      const end = (): void => {
        if (process.state !== 'dead') this.#end(process, 'kill');
      };
      process.supervisor?.close().then(end, end);
      return;
    }
    this.#end(process, how);
  }

  restore(store: MemoryStore): void {
    this.down('kill');
    this.disk.replaceBy(store);
    this.isRestored = true;
    this.#parts.lost(this);
  }

  truncate(writes: number): void {
    this.down('kill');
    this.disk.truncate(writes);
    this.isRestored = true;
    this.#parts.lost(this);
  }

  /** Stops and continues the process as a whole: its timers, and what comes over the network. */
  sleep(): void {
    this.#process?.clock.stall();
    this.#parts.network.stall(this.address);
  }

  wake(): void {
    this.#parts.network.resume(this.address);
    if (this.#process?.clock.stalled === true) this.#process.clock.resume();
  }

  resume(): void {
    this.#isResumed = true;
    this.member?.resume().catch(() => undefined);
  }

  jump(ms: number): void {
    this.#offsetMs += ms;
    this.#process?.clock.jump(ms);
  }

  drift(ppm: number): void {
    this.#driftPpm = ppm;
    this.#process?.clock.setDrift(ppm);
  }

  /** A time server, or a person, sets its clock right. */
  setClock(): void {
    this.#offsetMs = 0;
    this.#is1970 = false;
    this.#process?.clock.setWall(this.#parts.clock.now().wallMs);
  }

  async #open(process: Process): Promise<void> {
    const { network, fleetSecret, plan, peers } = this.#parts;
    const { clock } = process;
    if (this.#is1970) clock.freezeWall();
    const environment: Environment = {
      clock,
      // As those of Node: whole milliseconds, and never at once.
      timers: {
        after: (delayMs, fire) => clock.after(Math.max(1, Math.trunc(delayMs)), fire),
      },
      random: createSeededRandom(`${this.#parts.seed}/${this.index}/start-${this.#starts}`),
      crypto: sodiumCrypto,
    };
    const supervisor = await MemberSupervisor.open({
      environment,
      stores: this.disk.source,
      createTransport: () => {
        process.transport = network.transport(this.address, this.#key.noise.publicKey);
        return process.transport;
      },
      name: plan.name,
      agents: [plan.name],
      clockBounds: VERSION_TIMES,
      signer: this.#key.signer,
      fleet: { fleetId: sodiumCrypto.blake2b(fleetSecret), key: fleetSecret },
      founded: this.#parts.founded,
      // Few live documents, so that loading from the store is the rule and not the exception.
      config: { ...DEFAULT_CORE_CONFIG, liveDocuments: 3 },
      forgetting: this.#parts.forgetting === 'soon' ? FORGETTING_SOON : FORGETTING,
      ...(plan.budget === undefined
        ? {}
        : { budgets: { default: plan.budget, byAddress: new Map() } }),
      peers: this.isOnline ? peers : [],
      meshListens: this.isOnline,
      disk: plan.watchesDisk === true ? this.disk.guarded : undefined,
      diskReserveBytes: plan.watchesDisk === true ? 4096 : undefined,
      report: (report) => {
        if (process.state !== 'dead') this.#parts.report(this, report);
      },
      onGivenUp: (error) => {
        if (process.state === 'dead') return;
        this.down('kill');
        this.#parts.crashed(this, `given up: ${String(error)}`);
      },
    });
    if (process.state === 'dead') return;
    process.supervisor = supervisor;
    await supervisor.connect();
    process.state = 'up';
    if (this.#isResumed) this.resume();
  }

  #end(process: Process, how: Downfall): void {
    const { network, others } = this.#parts;
    this.#process = undefined;
    process.state = 'dead';
    // No timer of its ever fires again, and no answer of its disk ever comes.
    process.clock.stall();
    network.resume(this.address);
    this.disk.fall(how, this.#random);
    if (how === 'power-cut' || how === 'torn') {
      // A machine without power tells nobody.
      for (const other of others) network.halfOpen(this.address, other);
      this.#parts.lost(this);
    }
    void process.transport?.close();
  }
}

/** Of the keys of a node; a clone has those of its twin. */
export function keySeed(seed: string, name: string): Uint8Array {
  return createSeededRandom(`${seed}/key/${name}`).bytes(32);
}

export function addressOf(plan: PlanNode, index: number): string {
  return plan.cloneOf === undefined ? `${plan.name}:7677` : `${plan.name}:${8000 + index}`;
}
