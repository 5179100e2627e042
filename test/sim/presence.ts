// Presence as every node shows it, held against who really beat and who could really be heard (invariants 16 and 17).
//
//   16  unreachable takes ten intervals in which the observer ran and had a true link; whoever can be heard all along is not
//       unreachable; whoever was unreachable is alive only after two beats; silence that was listened to ends in unreachable
//   17  no age is younger than the time since the newest beat came here, nor than the time since it was made, but for what the
//       fastest clock of the fleet is ahead of the reader's; nobody is alive whose newest beat came more than three intervals ago
import type { PlatformRow } from '../../src/core/index.ts';
import { BeatingAgent } from './beats.ts';
import { HearingTruth } from './hearing-truth.ts';
import { ADMIN, type Scene } from './scene.ts';
import type { SimNode } from './sim-node.ts';

/** How often truth is looked at, and most nodes. */
const TICK_MS = 100;
const LOOK_MS = 500;
/** The others are asked seldom: a reader must not change what is judged. */
const SELDOM_MS = 2_900;
const SUSPECT_AFTER = 3;
const UNREACHABLE_AFTER = 10;
/** Ticks, the drift of crystals and what a turn takes. */
const SLACK_MS = 250;
/** A beat that is committed at most so much later than it came does not say when it came. */
const UNSAID_MS = 1_000;
/** What a beat may take over a way that is whole: the way is compared, and a provider that is silent left for another. */
const WAY_MS = 45_000;
/** Whether anybody is heard is known by pings, one each 5 s. */
const PROOF_MS = 6_000;
/** When the faults have stopped, until everybody is linked. */
const CALM_MS = 120_000;
const STEADY_MS = 30_000;

/** When a node was asked, by the one clock that is right and by its own. */
interface Asked {
  readonly askedMs: number;
  readonly askedWallMs: number;
}

/** What a process showed of an agent. */
interface Shown {
  readonly process: object | undefined;
  /** Number of the newest beat. */
  readonly n: number;
  /** When that was shown first. */
  readonly sinceMs: number;
  readonly presence: string;
  readonly returns: number;
  /** Number of the newest beat when it was unreachable last; undefined once it was alive. */
  readonly buriedAt: number | undefined;
  /** Listening that was needed for a return that comes with the next beat. */
  readonly heardMs: number;
}

export class PresenceCheck {
  readonly #scene: Scene;
  readonly #agents: readonly BeatingAgent[];
  readonly #truth: HearingTruth;
  readonly #shown = new Map<SimNode, Map<number, Shown>>();
  readonly #nextLookMs = new Map<SimNode, number>();
  /** The most that a clock on any wall showed so far: no stamp is ahead of it. */
  #newestWallMs = 0;
  /** The same when each beat was made, by agent and number. */
  readonly #newestAt: number[][];
  #isCalm = false;

  constructor(scene: Scene) {
    this.#scene = scene;
    this.#agents = scene.nodes.map((node) => new BeatingAgent(scene, node));
    this.#truth = new HearingTruth(scene, this.#agents);
    this.#newestAt = scene.nodes.map(() => []);
  }

  /** Lets time pass, and looks at everybody meanwhile. */
  async pass(ms: number): Promise<void> {
    const { clock } = this.#scene;
    const endMs = clock.now().monotonicMs + ms;
    for (let leftMs = ms; leftMs > 0; leftMs = endMs - clock.now().monotonicMs) {
      await clock.advanceSettled(Math.min(TICK_MS, leftMs));
      this.#sample();
      for (const node of this.#scene.nodes) if (this.#isDue(node)) this.#lookAt(node);
    }
  }

  /** A step was carried out: who goes on is asked before it can have read what came meanwhile. */
  acted(node: SimNode): void {
    this.#sample();
    this.#lookAt(node);
  }

  silence(node: SimNode, isSilent: boolean): void {
    this.#agents[node.index]?.silence(isSilent);
  }

  /** The faults have stopped: all are alive everywhere and stay so; then all fall silent and are unreachable everywhere. */
  async calm(): Promise<void> {
    // Where clocks differ by more than three intervals, who is behind looks old now and then to who is ahead.
    for (const node of this.#scene.nodes) node.setClock();
    for (const agent of this.#agents) agent.silence(false);
    await this.pass(CALM_MS);
    this.#isCalm = true;
    await this.pass(STEADY_MS);
    this.#isCalm = false;
    for (const agent of this.#agents) agent.silence(true);
    const longestMs = Math.max(...this.#agents.map(({ intervalMs }) => intervalMs));
    await this.pass((UNREACHABLE_AFTER + 1) * longestMs + PROOF_MS + WAY_MS);
    for (const [observer, rows] of this.#shown) {
      for (const [agent, { presence }] of rows) {
        if (presence === 'unreachable') this.#scene.tally('presence-ended');
        else this.#tell(16, observer, agent, `is ${presence} long after it fell silent`);
      }
    }
  }

  #sample(): void {
    for (const { wallMs } of this.#scene.nodes)
      this.#newestWallMs = Math.max(this.#newestWallMs, wallMs);
    this.#agents.forEach(({ takenMs }, index) => {
      const newest = this.#newestAt[index] as number[];
      while (newest.length < takenMs.length) newest.push(this.#newestWallMs);
    });
    this.#truth.sample();
  }

  #isDue(node: SimNode): boolean {
    const nowMs = this.#nowMs();
    if ((this.#nextLookMs.get(node) ?? 0) > nowMs) return false;
    this.#nextLookMs.set(node, nowMs + this.#lookMs(node));
    return true;
  }

  #lookMs({ index }: SimNode): number {
    return index % 3 === 1 ? SELDOM_MS : LOOK_MS;
  }

  #lookAt(node: SimNode): void {
    const { member, process } = node;
    // The clock may be set before the answer comes, which is of now.
    const asked = { askedMs: this.#nowMs(), askedWallMs: node.wallMs };
    const page = { pageSize: 1000, pageToken: '' };
    member?.request('listPlatforms', ADMIN, page).then(
      ({ rows }) => {
        if (node.process !== process || node.member === undefined) return;
        for (const row of rows) this.#check(node, row, asked);
      },
      () => undefined,
    );
  }

  #check(observer: SimNode, row: PlatformRow, asked: Asked): void {
    const agent = this.#agents.findIndex(({ node }) => node.name === row.agent);
    const n = Number(row.beat.telemetry.n ?? -1);
    const who = this.#agents[agent];
    if (who === undefined || n < 0) return;
    const before = this.#shownOf(observer).get(agent);
    const shown = this.#next(observer, agent, row, before, n);
    this.#shownOf(observer).set(agent, shown);
    this.#checkAge(observer, who, row, shown, asked);
    this.#checkPresence(observer, who, shown, before);
  }

  #shownOf(observer: SimNode): Map<number, Shown> {
    let rows = this.#shown.get(observer);
    if (rows === undefined) {
      rows = new Map();
      this.#shown.set(observer, rows);
    }
    return rows;
  }

  #next(
    observer: SimNode,
    agent: number,
    { freshness, returns }: PlatformRow,
    known: Shown | undefined,
    n: number,
  ): Shown {
    const { process } = observer;
    const before = known?.process === process ? known : undefined;
    const presence = freshness.presence ?? 'none';
    const earshot = this.#truth.of(observer.index, agent);
    const isNew = before === undefined || before.n !== n;
    const { heardMs } = earshot;
    if (isNew && before !== undefined) earshot.restart();
    const sinceMs = isNew ? this.#nowMs() : before.sinceMs;
    const wasBuriedAt = presence === 'alive' ? undefined : before?.buriedAt;
    const buriedAt = presence === 'unreachable' ? n : wasBuriedAt;
    return { process, n, sinceMs, presence, returns, buriedAt, heardMs };
  }

  /** Invariant 17. */
  #checkAge(
    observer: SimNode,
    { node, takenMs }: BeatingAgent,
    { freshness }: PlatformRow,
    { n, sinceMs }: Shown,
    { askedMs, askedWallMs }: Asked,
  ): void {
    const shownMs = askedMs - sinceMs - SLACK_MS;
    const madeAgoMs = askedMs - (takenMs[n] ?? askedMs);
    const newestMs = this.#newestAt[node.index]?.[n] ?? this.#newestWallMs;
    const byClocksMs = askedWallMs - newestMs;
    const { ageMs } = freshness;
    if (ageMs < shownMs)
      this.#tell(17, observer, node.index, `is ${ageMs} ms old, and came ${shownMs} ms ago`);
    if (ageMs < Math.min(madeAgoMs, byClocksMs) - UNSAID_MS - SLACK_MS)
      this.#tell(17, observer, node.index, `is ${ageMs} ms old, and was made ${madeAgoMs} ms ago`);
  }

  #checkPresence(
    observer: SimNode,
    { node, intervalMs }: BeatingAgent,
    shown: Shown,
    known: Shown | undefined,
  ): void {
    const before = known?.process === shown.process ? known : undefined;
    const earshot = this.#truth.of(observer.index, node.index);
    const { audibleMs, surelyMs } = earshot;
    const tell = (number: number, words: string) => this.#tell(number, observer, node.index, words);
    const { presence, returns, n, sinceMs, heardMs } = shown;
    this.#scene.tally(`presence-${presence}`);
    const needMs = UNREACHABLE_AFTER * intervalMs - this.#lookMs(observer) - SLACK_MS;
    if (presence === 'unreachable') {
      if (before?.presence !== 'unreachable' && heardMs < needMs)
        tell(16, `is unreachable, and could be heard for ${heardMs} of ${needMs} ms`);
      if (audibleMs > WAY_MS + 2 * intervalMs)
        tell(16, `is unreachable, and beats, and could be heard for ${audibleMs} ms`);
    } else if (surelyMs > UNREACHABLE_AFTER * intervalMs + PROOF_MS + SLACK_MS) {
      tell(16, `is ${presence}, and was not heard for ${surelyMs} ms of listening`);
    }
    if (before !== undefined && returns > before.returns && before.heardMs > 0 && heardMs < needMs)
      tell(16, `returned, and could be heard for ${heardMs} of ${needMs} ms`);
    if (presence !== 'alive') {
      if (this.#isCalm) tell(16, `is ${presence} in the calm`);
      return;
    }
    const sinceShownMs = this.#nowMs() - sinceMs;
    if (sinceShownMs > SUSPECT_AFTER * intervalMs + SLACK_MS)
      tell(17, `is alive, and its newest beat came ${sinceShownMs} ms ago`);
    if (before?.buriedAt !== undefined && n < before.buriedAt + 2)
      tell(16, `was unreachable and is alive after a single beat`);
  }

  #tell(invariant: number, observer: SimNode, agent: number, words: string): void {
    const name = this.#agents[agent]?.node.name;
    this.#scene.violate(invariant, `${name} ${words} at ${observer.name}`);
  }

  #nowMs(): number {
    return this.#scene.clock.now().monotonicMs;
  }
}
