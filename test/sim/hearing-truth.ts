// Who could really hear whom: true links between processes that run, and for how long they were there. Knows what no sidecar knows.
import type { BeatingAgent } from './beats.ts';
import type { Scene } from './scene.ts';
import type { SimNode } from './sim-node.ts';

/** A stall is dated back to the look before it, up to so long. */
const STALL_DATED_BACK_MS = 1_600;
/** What a silence takes more than it lasted: a ping before it, and a ping after it. */
const SILENCE_EDGES_MS = 12_000;
/** What is shorter cannot be noticed: linked members ping every 5 s, and a process looks every second whether it stood still. */
const UNNOTICED_SILENCE_MS = 7_600;
const UNNOTICED_STALL_MS = 1_600;
/** As presence has it: one interval after a stall, three after a time without a link. */
const AFTER_STALL = 1;
const AFTER_CUT = 3;

/** What one observer could hear of one agent since its newest beat came, in milliseconds of true time. */
export class Earshot {
  /** Ran, and had a link to somebody else who ran. */
  heardMs = 0;
  /** The same, without what a sidecar may leave out in doubt. */
  surelyMs = 0;
  /** For how long without a break there was a way from the agent to here, and the agent beat. */
  audibleMs = 0;
  #waitsUntilMs = 0;
  /** Of the deaf time that lasts now. */
  #deafMs = 0;

  pass(fromMs: number, untilMs: number, isHearing: boolean, isAudible: boolean): void {
    const ms = untilMs - fromMs;
    this.audibleMs = isAudible ? this.audibleMs + ms : 0;
    if (!isHearing) this.#deafMs += ms;
    if (!isHearing) return;
    this.heardMs += ms;
    this.surelyMs += Math.max(0, untilMs - Math.max(fromMs, this.#waitsUntilMs));
  }

  /** It can hear again after it could not. */
  resumes(nowMs: number, why: 'stall' | 'cut', intervalMs: number): void {
    const waitMs = (why === 'stall' ? AFTER_STALL : AFTER_CUT) * intervalMs;
    this.#waitsUntilMs = Math.max(this.#waitsUntilMs, nowMs + waitMs);
    const unnoticedMs = why === 'stall' ? UNNOTICED_STALL_MS : UNNOTICED_SILENCE_MS;
    if (this.#deafMs < unnoticedMs) this.heardMs += this.#deafMs;
    this.#deafMs = 0;
    this.surelyMs -= why === 'stall' ? STALL_DATED_BACK_MS : SILENCE_EDGES_MS;
  }

  /** A beat came. */
  restart(): void {
    this.#deafMs = 0;
    this.heardMs = 0;
    this.surelyMs = 0;
  }
}

interface State {
  readonly process: object | undefined;
  readonly isAwake: boolean;
  /** Places of the nodes with which it has a true link. */
  readonly links: ReadonlySet<number>;
}

const NOBODY: State = { process: undefined, isAwake: false, links: new Set() };

export class HearingTruth {
  readonly #scene: Scene;
  readonly #agents: readonly BeatingAgent[];
  readonly #earshots: Earshot[][];
  #states: State[];
  #atMs: number;

  constructor(scene: Scene, agents: readonly BeatingAgent[]) {
    this.#scene = scene;
    this.#agents = agents;
    this.#earshots = scene.nodes.map(() => agents.map(() => new Earshot()));
    this.#states = scene.nodes.map(() => NOBODY);
    this.#atMs = scene.clock.now().monotonicMs;
  }

  of(observer: number, agent: number): Earshot {
    return (this.#earshots[observer] as Earshot[])[agent] as Earshot;
  }

  /** What was seen at the last call was so until now. */
  sample(): void {
    const nowMs = this.#scene.clock.now().monotonicMs;
    const states = this.#look();
    for (const { index } of this.#scene.nodes) {
      const before = this.#states[index] ?? NOBODY;
      const now = states[index] as State;
      // A process that is new knows nothing of what the one before heard.
      if (before.process !== now.process) this.#forget(index);
      this.#passed(index, before, nowMs);
      if (before.process === now.process) this.#resumed(index, before, now, nowMs);
    }
    this.#states = states;
    this.#atMs = nowMs;
  }

  #forget(observer: number): void {
    this.#earshots[observer] = this.#agents.map(() => new Earshot());
  }

  #passed(observer: number, state: State, nowMs: number): void {
    const reached = this.#reachedFrom(observer);
    for (const { node } of this.#agents) {
      const isOwn = node.index === observer;
      const isHearing = state.isAwake && (isOwn || state.links.size > 0);
      const isSteady = (this.#agents[node.index] as BeatingAgent).steadyMs(nowMs) > 0;
      const isAudible = reached.has(node.index) && isSteady;
      this.of(observer, node.index).pass(this.#atMs, nowMs, isHearing, isAudible);
    }
  }

  #resumed(observer: number, before: State, now: State, nowMs: number): void {
    for (const { node, intervalMs } of this.#agents) {
      const earshot = this.of(observer, node.index);
      if (now.isAwake && !before.isAwake) earshot.resumes(nowMs, 'stall', intervalMs);
      const isOwn = node.index === observer;
      if (!isOwn && now.links.size > 0 && before.links.size === 0)
        earshot.resumes(nowMs, 'cut', intervalMs);
    }
  }

  /** Everybody to whom there is a way over links that were there. */
  #reachedFrom(observer: number): ReadonlySet<number> {
    const reached = new Set<number>();
    const waiting = (this.#states[observer] ?? NOBODY).isAwake ? [observer] : [];
    for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
      if (reached.has(at)) continue;
      reached.add(at);
      waiting.push(...(this.#states[at] ?? NOBODY).links);
    }
    return reached;
  }

  #look(): State[] {
    const { nodes, network } = this.#scene;
    const saysLinked = nodes.map(linkedOf);
    return nodes.map((node) => {
      const links = nodes.filter(
        (other) =>
          other !== node &&
          saysLinked[node.index]?.has(other.nodeId) === true &&
          saysLinked[other.index]?.has(node.nodeId) === true &&
          network.isOpen(node.address, other.address) &&
          network.isOpen(other.address, node.address),
      );
      return {
        process: node.process,
        isAwake: node.member !== undefined,
        links: new Set(links.map(({ index }) => index)),
      };
    });
  }
}

/** With whom a node that runs says that it is linked. */
function linkedOf({ member }: SimNode): ReadonlySet<string> {
  const peers = member?.peers() ?? [];
  return new Set(peers.flatMap(({ nodeId, state }) => (state === 'connected' ? [nodeId] : [])));
}
