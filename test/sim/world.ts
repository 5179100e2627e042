// A small world out of a plan: sidecars, a network and disks that break, clocks that disagree, and a schedule of what happens.

import { fromBinary } from '@bufbuild/protobuf';
import { FrameSchema } from '../../src/gen/holdfast/mesh/v1/session_pb.ts';
import type { MemoryNetwork } from '../../src/mesh/transport/memory.ts';
import { createMemoryNetwork } from '../../src/mesh/transport/memory.ts';
import type { SupervisorReport } from '../../src/sidecar/member/supervisor-report.ts';
import { createSeededRandom, ManualClock } from '../../src/testing/index.ts';
import { convergenceBoundMs } from './bound.ts';
import { BudgetMeter } from './budget-meter.ts';
import { Clients } from './clients.ts';
import { Commands } from './commands.ts';
import type { Written } from './disk.ts';
import { diskFault, networkFault, processFault } from './faults.ts';
import { checkFinal, differences, stateOf } from './final.ts';
import { Oracle } from './oracle.ts';
import { Outsider } from './outsider.ts';
import type { Plan, PlanNode, Step } from './plan.ts';
import { PresenceCheck } from './presence.ts';
import { doubtReport, tallyReport } from './reports.ts';
import { FLEET_SECRET, lasting, type Scene } from './scene.ts';
import { addressOf, SimNode } from './sim-node.ts';
import { SimTrust } from './trust.ts';
import { checkTrust, lacksStatements } from './trust-final.ts';
import { Watch } from './watch.ts';

/** Everybody is asked what they show once in so many steps. */
const LOOK_EVERY_STEPS = 12;
/** Families in which paths break but frames are what was sent. */
const LISTENED: ReadonlySet<string> = new Set(['topology', 'link', 'partition', 'process']);
/** Steps that share their name with the method they call. */
const ASKED: ReadonlySet<string> = new Set(['put', 'delete', 'patch', 'heartbeat']);
const POLL_MS = 2_000;
/** Two looks whether a checkpoint is due, and the time to drop what it replaces. */
const REST_MS = 75_000;
/** A broken world says enough with these. */
const MAX_VIOLATIONS = 20;

export interface WorldResult {
  readonly virtualMs: number;
  readonly acknowledged: number;
  readonly excused: number;
  /** From the end of the faults until all were equal, and what it might have taken. */
  readonly convergedMs: number;
  readonly boundMs: number;
  /** What happened how often, by name. */
  readonly happened: ReadonlyMap<string, number>;
  readonly violations: readonly string[];
  /** The schedule, a line a step, and what nodes reported. */
  readonly trace: readonly string[];
}

export class World implements Scene {
  readonly plan: Plan;
  readonly clock = new ManualClock();
  readonly network: MemoryNetwork;
  readonly random;
  readonly nodes: readonly SimNode[];
  readonly oracle = new Oracle();
  readonly outsider: Outsider | undefined;
  readonly trust: SimTrust | undefined;
  readonly #clients: Clients;
  readonly #commands: Commands | undefined;
  readonly #presence: PresenceCheck | undefined;
  readonly #watch: Watch;
  readonly #budgets: BudgetMeter;
  readonly #happened = new Map<string, number>();
  readonly #violations: string[] = [];
  readonly #trace: string[] = [];
  #isCalm = false;
  #convergedMs = 0;
  #boundMs = 0;

  constructor(plan: Plan) {
    this.plan = plan;
    const seed = `${plan.seed}`;
    this.random = createSeededRandom(`${seed}/faults`);
    this.#budgets = new BudgetMeter(this);
    this.network = createMemoryNetwork({
      timers: this.clock,
      random: createSeededRandom(`${seed}/network`),
      delayMs: plan.delayMs,
      onCarried: (from, to, bytes) => this.#budgets.carried(from, to, bytes),
    });
    this.trust = plan.founded === true ? new SimTrust(this, plan) : undefined;
    this.nodes = plan.nodes.map((node, index) => this.#createNode(node, index));
    this.outsider = this.#createOutsider();
    this.#clients = new Clients(this);
    this.#commands = plan.commands === true ? new Commands(this) : undefined;
    this.#presence = plan.presence === true ? new PresenceCheck(this) : undefined;
    this.#watch = new Watch(this);
    this.#shapePaths();
    this.#listenForStops();
  }

  async run(): Promise<WorldResult> {
    try {
      await this.#carryOut();
    } catch (error) {
      this.violate(0, error instanceof Error ? (error.stack ?? error.message) : String(error));
    }
    for (const node of this.nodes) node.down('kill');
    await this.outsider?.stop();
    return {
      virtualMs: this.clock.now().monotonicMs,
      acknowledged: this.oracle.acknowledged,
      excused: this.oracle.excused,
      convergedMs: this.#convergedMs,
      boundMs: this.#boundMs,
      happened: this.#happened,
      violations: this.#violations,
      trace: this.#trace,
    };
  }

  async #carryOut(): Promise<void> {
    for (const node of this.nodes) {
      if (node.plan.late !== true && node.plan.cloneOf === undefined) node.start();
    }
    await this.outsider?.start();
    let done = 0;
    for (const step of this.plan.steps) {
      await this.#pass(Math.max(0, step.atMs - this.clock.now().monotonicMs));
      await this.#perform(step);
      if (++done % LOOK_EVERY_STEPS === 0) this.#watch.look();
      if (this.#violations.length >= MAX_VIOLATIONS) break;
    }
    if (this.#violations.length === 0) await this.#settle();
  }

  tally(what: string, times = 1): void {
    this.#happened.set(what, (this.#happened.get(what) ?? 0) + times);
  }

  trace(line: string): void {
    this.#trace.push(`${String(Math.round(this.clock.now().monotonicMs)).padStart(9)} ${line}`);
  }

  violate(invariant: number, sentence: string): void {
    if (this.#violations.length >= MAX_VIOLATIONS) return;
    const line = `${invariant === 0 ? 'fault' : `invariant ${invariant}`}: ${sentence}`;
    this.#violations.push(line);
    this.trace(`!!! ${line}`);
  }

  #pass(ms: number): Promise<void> {
    return this.#presence?.pass(ms) ?? this.clock.advanceSettled(ms);
  }

  async #perform(step: Step): Promise<void> {
    const node = this.nodes[step.node];
    if (node === undefined) return;
    const { atMs: _, node: __, ...act } = step;
    this.trace(`${node.name}${node.plan.cloneOf === undefined ? '' : '*'} ${JSON.stringify(act)}`);
    this.tally(nameOf(step));
    switch (step.do) {
      case 'put':
      case 'delete':
      case 'patch':
      case 'put-shared':
      case 'delete-shared':
      case 'big':
      case 'heartbeat':
      case 'issue':
      case 'claim':
      case 'report':
        return this.#clients.perform(node, step);
      case 'order':
      case 'cancel-order':
      case 'agent-dies':
        return this.#commands?.perform(node, step);
      case 'cut':
      case 'cut-one-way':
      case 'heal':
      case 'half-open':
      case 'flap':
      case 'tamper':
      case 'shape':
        return networkFault(this, node, step);
      case 'down':
      case 'kill-at':
      case 'start':
      case 'pause':
      case 'resume':
      case 'stall':
      case 'wake':
      case 'jump':
      case 'drift':
      case 'set-clock':
        processFault(this, node, step);
        return this.#presence?.acted(node);
      case 'silence':
      case 'beat-again':
        return this.#presence?.silence(node, step.do === 'silence');
      case 'capacity':
      case 'roomy':
      case 'fail-reads':
      case 'sound-reads':
      case 'flip':
      case 'snapshot':
      case 'restore':
      case 'truncate':
      case 'slow-sync':
        return diskFault(this, node, step);
      case 'later':
        return this.outsider?.write(step.how);
      case 'attack':
        return this.outsider?.attack(step.how, node.nodeId);
      case 'eject':
      case 'renew':
      case 'certify':
      case 'policy':
      case 'capture':
      case 'annul':
        return this.trust?.perform(node, step);
      case 'leap':
        return this.#leap(step.ms);
    }
  }

  async #leap(ms: number): Promise<void> {
    const awake = this.nodes.filter((node) => !node.isDown && !node.isAsleep);
    for (const node of awake) node.sleep();
    await this.clock.advanceSettled(ms);
    for (const node of awake) node.wake();
  }

  /** The faults stop: everybody is up, every path open, and time passes until all are equal. */
  async #settle(): Promise<void> {
    this.#isCalm = true;
    this.trace('--- the faults stop');
    this.network.calm();
    this.#shapePaths();
    this.#endTampered();
    if (this.plan.outsider === 'malicious' && this.trust === undefined) await this.outsider?.stop();
    for (const node of this.nodes) this.#soothe(node);
    await this.#presence?.calm();
    if (this.#violations.length > 0) return;
    const since = this.clock.now().monotonicMs;
    this.#boundMs = convergenceBoundMs(this);
    while (this.clock.now().monotonicMs - since < this.#boundMs) {
      for (const node of lasting(this)) node.start();
      this.trust?.repeat(lasting(this));
      await this.clock.advanceSettled(POLL_MS);
      // What a clock far ahead had not written yet when the faults stopped, it has now.
      this.#boundMs = Math.max(this.#boundMs, convergenceBoundMs(this));
      // Twice, because what made them equal may have somebody answer: the sidecar of an agent takes a moment to say that a command came.
      if ((await this.#isConverged()) && (await this.#isConvergedSoon())) break;
      if (this.#violations.length > 0) return;
    }
    this.#convergedMs = this.clock.now().monotonicMs - since;
    if (!(await this.#isConvergedSoon())) {
      const states = await this.#states();
      const lines = lasting(this).map(
        (node, i) => `${node.name} ${states[i] ?? 'does not answer'}`,
      );
      const seconds = Math.round(this.#boundMs / 1000);
      this.violate(18, `not equal ${seconds} s after the faults: ${lines.join(', ')}`);
      const shown = differences(this);
      await this.clock.advanceSettled(1_000);
      for (const line of await Promise.race([shown, this.#late().then(() => [])])) {
        this.trace(`  ${line}`);
      }
      return;
    }
    await this.clock.advanceSettled(REST_MS);
    if (!(await this.#isConvergedSoon())) this.violate(1, 'equal once, and not any more at rest');
    this.#watch.look();
    await this.clock.advanceSettled(1_000);
    if (this.#violations.length === 0) await this.#commands?.check();
    if (this.#violations.length === 0) await checkTrust(this);
    if (this.#violations.length === 0) await checkFinal(this);
    this.#budgets.check();
  }

  /** Encryption ends a link at the first frame that is not what was sent; the memory network has none, so it is done here. */
  #endTampered(): void {
    for (const step of this.plan.steps) {
      const [from, to] = [
        this.nodes[step.node]?.address,
        step.do === 'tamper' && this.nodes[step.to]?.address,
      ];
      if (from === undefined || typeof to !== 'string' || from === to) continue;
      this.network.cut(from, to, 'reset');
      this.network.heal(from, to);
    }
  }

  #soothe(node: SimNode): void {
    const { disk } = node;
    disk.trap = undefined;
    disk.setRoom(undefined);
    disk.failReads(undefined);
    disk.slowSync(undefined, 0);
    if (node.plan.cloneOf !== undefined) return node.down('kill');
    node.wake();
    // A clock that is minutes off stays so; one that is wrong beyond that is set by somebody.
    if (node.hasWrongClock) node.setClock();
    node.resume();
    if (!node.isOnline) {
      node.isOnline = true;
      node.down('kill');
    }
    node.start();
  }

  /** Whether all are equal a moment later, or one moment after that: somebody's time may be over just now. */
  async #isConvergedSoon(): Promise<boolean> {
    for (let times = 0; times < 2; times++) {
      await this.clock.advanceSettled(POLL_MS);
      if (await this.#isConverged()) return true;
    }
    return false;
  }

  async #isConverged(): Promise<boolean> {
    const states = await this.#states();
    return states.every((state) => state !== undefined && state === states[0]);
  }

  async #states(): Promise<(string | undefined)[]> {
    const { trust } = this;
    const asked = lasting(this).map(async (node) => {
      const state = await stateOf(node);
      const lacks = trust !== undefined && (await lacksStatements(trust, node));
      return lacks ? `${node.name} lacks statements` : state;
    });
    // Some answers need time, of a slow disk for one.
    await this.clock.advanceSettled(100);
    return Promise.all(asked.map((one) => Promise.race([one, this.#late()])));
  }

  async #late(): Promise<undefined> {
    await this.clock.settle();
    await this.clock.settle();
    return undefined;
  }

  #createNode(plan: PlanNode, index: number): SimNode {
    const addresses = this.plan.nodes.map(addressOf);
    return new SimNode({
      ...{ index, plan, seed: `${this.plan.seed}`, clock: this.clock, network: this.network },
      fleetSecret: FLEET_SECRET,
      founded: this.trust?.foundedOf(index),
      forgetting: this.plan.forgetting,
      peers: plan.dials.flatMap((at) => addresses[at] ?? []),
      others: addresses.filter((_, at) => at !== index),
      report: (node, report) => this.#report(node, report),
      written: (node, written) => this.#written(node, written),
      crashed: (node, why) => this.#crashed(node, why),
      lost: (node) => {
        this.#watch.forget(node);
        this.oracle.powerLost();
      },
    });
  }

  #createOutsider(): Outsider | undefined {
    const { outsider: kind, seed, nodes } = this.plan;
    if (kind === undefined) return undefined;
    const peers = nodes.slice(0, 2).map(addressOf);
    const { clock, network } = this;
    return new Outsider({
      kind,
      seed: `${seed}`,
      clock,
      network,
      fleetSecret: FLEET_SECRET,
      trust: this.trust?.outsider,
      peers,
    });
  }

  /** Paths that are what they are, and not a fault. */
  #shapePaths(): void {
    for (const { a, b, shape } of this.plan.shapes) {
      const [from, to] = [this.nodes[a]?.address, this.nodes[b]?.address];
      if (from === undefined || to === undefined) continue;
      this.network.shape(from, to, shape);
      this.network.shape(to, from, shape);
    }
  }

  /** Whoever asks for less than before has found another provider. */
  #listenForStops(): void {
    if (!LISTENED.has(this.plan.family)) return;
    for (const a of this.nodes) {
      for (const b of this.nodes) {
        if (a === b) continue;
        this.network.tamper(a.address, b.address, (frame) => {
          if (fromBinary(FrameSchema, frame).body.case === 'stop') this.tally('provider-switched');
          return [frame];
        });
      }
    }
  }

  #written(node: SimNode, written: Written): void {
    for (const { isOwn, jumps } of written.commits) {
      if (jumps && !isOwn) this.tally('checkpoint-jump');
    }
    if (written.isPrune) this.tally('pruned');
    if (written.isCheckpoint) this.tally('checkpoint');
    if (written.refounds) this.tally('refounded-shared');
    if (written.forgotten > 0) this.tally('tombstone-collected', written.forgotten);
    if (written.closedFeeds > 0) this.tally('feed-closed', written.closedFeeds);
    const isOurs = (this.#clients.patching.get(node.index) ?? 0) > 0;
    if (!isOurs && written.ownDocuments.includes('notes/shared')) this.tally('reissued');
  }

  #report(node: SimNode, report: SupervisorReport): void {
    this.trace(`  ${node.name} ${JSON.stringify(report)}`);
    if (report.type === 'link-up') this.#budgets.linked(node);
    tallyReport(this, report);
    const doubt = doubtReport(this, report, this.#isCalm);
    if (doubt !== undefined) this.violate(0, `${node.name}: ${doubt}`);
  }

  #crashed(node: SimNode, why: string): void {
    this.trace(`  ${node.name} ended: ${why}`);
    this.tally('ended');
    if (this.plan.family !== 'disk') this.violate(0, `the process of ${node.name} ended: ${why}`);
  }
}

/** What a step counts as. A request counts by its method when it was answered, and as asked for here. */
function nameOf(step: Step): string {
  if (step.do === 'down') return step.how;
  if (step.do === 'cut') return `cut-${step.how}`;
  return ASKED.has(step.do) ? `ask-${step.do}` : step.do;
}
