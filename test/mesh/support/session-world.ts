// Some nodes and the conversations between them, step by step: what is on its way waits in one queue, oldest first.
import { type Lane, utf8 } from '../../../src/core/index.ts';
import { decodeFrame } from '../../../src/mesh/protocol/index.ts';
import { FeedHolder, outcomeOf } from './feed-holder.ts';
import { SessionEnd } from './session-end.ts';
import { describeFeed, describeMessage, describeRun } from './session-text.ts';

/** Steps of one `settle`. Beyond it two sessions talk for ever. */
const MAX_STEPS = 10_000;

interface Pending {
  readonly what: string;
  /** Where it happens; undefined for somebody whom the test plays. */
  readonly end: SessionEnd | undefined;
  run(): string[];
}

export class SessionWorld {
  readonly #holders = new Map<string, FeedHolder>();
  /** By `near>far`. */
  readonly #ends = new Map<string, SessionEnd>();
  readonly #queue: Pending[] = [];
  /** Ends whose closing is on its way to the other end. */
  readonly #told = new Set<SessionEnd>();
  #links = 0;

  /** The node of that name, made when it is first mentioned. */
  node(name: string, fleetSecret?: Uint8Array): FeedHolder {
    let holder = this.#holders.get(name);
    if (holder === undefined) {
      holder = new FeedHolder(name, { fleetSecret });
      this.#holders.set(name, holder);
    }
    return holder;
  }

  /** The end at `near` of its link to `far`. */
  end(near: string, far: string): SessionEnd {
    const end = this.#ends.get(`${near}>${far}`);
    if (end === undefined) throw new Error(`${near} has no link to ${far}`);
    return end;
  }

  /** A new link. `played` has no session on it: the test speaks for it. */
  dial(from: string, to: string, played?: string): string[] {
    const handshakeHash = utf8(`handshake ${++this.#links}`);
    this.#ends.delete(`${from}>${to}`);
    this.#ends.delete(`${to}>${from}`);
    const effects: string[] = [];
    for (const [near, far] of [[from, to] as const, [to, from] as const]) {
      if (near === played) continue;
      const end = new SessionEnd(this.node(near), { initiator: near === from, handshakeHash });
      this.#ends.set(`${near}>${far}`, end);
      effects.push(...end.take({ type: 'opened' }));
    }
    this.#gather();
    return effects;
  }

  /** A link that breaks: nobody is told, and what was on its way is lost. */
  cut(a: string, b: string): void {
    for (const end of [this.end(a, b), this.end(b, a)]) {
      end.isLost = true;
      this.#told.add(end);
    }
  }

  write(name: string, lane: Lane, times = 1): string[] {
    return this.#advance(name, [this.node(name).write(lane, times)]);
  }

  /** Something happens at one end; its effects are put on their way. */
  at(near: string, far: string, happen: (end: SessionEnd) => string[]): string[] {
    const effects = happen(this.end(near, far));
    this.#gather();
    return effects;
  }

  /** Time passes, and every session looks at it. */
  pass(ms: number): string[] {
    const lines = [...this.#ends].flatMap(([link, end]) => {
      end.nowMs += ms;
      return end.isOver ? [] : end.tick().map((effect) => `${link} ${effect}`);
    });
    this.#gather();
    return lines;
  }

  /** Carries out what waits, and what that leads to. Returns what happened, each with its effects indented below. */
  settle(): string[] {
    const lines: string[] = [];
    for (let steps = 0; this.#queue.length > 0; steps++) {
      if (steps > MAX_STEPS) throw new Error('the conversation does not end');
      const { what, end, run } = this.#queue.shift() as Pending;
      if (end?.isOver) continue;
      lines.push(what, ...run().map((line) => `  ${line}`));
      this.#gather();
    }
    return lines;
  }

  #gather(): void {
    for (const [link, end] of this.#ends) {
      const [near, far] = link.split('>') as [string, string];
      // What a full link took leaves it when it drains.
      const other = this.#ends.get(`${far}>${near}`);
      // What a full link took leaves it when it drains.
      for (const frame of end.isFull ? [] : end.frames.splice(0)) {
        const what = `${far} hears from ${near}: ${describeMessage(decodeFrame(frame))}`;
        this.#queue.push({ what, end: other, run: () => other?.hear(frame) ?? [] });
      }
      for (const position of end.reads.splice(0)) {
        const what = `${near} reads ${describeFeed(position.feed)} from ${position.seq}`;
        const answer = (): string[] =>
          end.take({ type: 'run-read', position, run: end.holder.read(position) });
        this.#queue.push({ what, end, run: answer });
      }
      for (const run of end.stores.splice(0)) {
        const what = `${near} stores ${describeRun(run)}`;
        this.#queue.push({ what, end, run: () => this.#store(near, end, run) });
      }
      if (end.isClosed && !this.#told.has(end)) {
        this.#told.add(end);
        const close = (): string[] => {
          if (other !== undefined) other.isLost = true;
          return [];
        };
        this.#queue.push({ what: `${far} sees ${near} close the link`, end: other, run: close });
      }
    }
  }

  #store(name: string, end: SessionEnd, run: SessionEnd['stores'][number]): string[] {
    const { refused, grown } = end.holder.store(run);
    return [
      ...this.#advance(name, grown),
      ...end.take({ type: 'delivered', outcome: outcomeOf(refused) }),
    ];
  }

  /** Tells every conversation of a node that its feeds grew. */
  #advance(name: string, positions: ReturnType<FeedHolder['positions']>): string[] {
    if (positions.length === 0) return [];
    const lines = [...this.#ends].flatMap(([link, end]) => {
      if (!link.startsWith(`${name}>`) || end.isOver) return [];
      const far = link.slice(name.length + 1);
      return end.take({ type: 'advanced', positions }).map((effect) => `to ${far}: ${effect}`);
    });
    this.#gather();
    return lines;
  }
}
