// The one loop: events go into the core, effects come out, always persist, then reply, then send.
//
//   API, mesh, timers ─► queue ─► node.handle … node.handle(turn-ended) ─► persist (awaited) ─► replies ─► mesh
//
// While one turn is being written, the next one gathers: that is the group commit.
import type {
  Caller,
  ChangeListener,
  DeliveryOutcome,
  Effect,
  Event,
  FeedId,
  HoldfastError,
  Method,
  NodeFigures,
  NodeId,
  QueueFigure,
  ReplyOutcome,
  Request,
  RequestOf,
  Response,
  ResponseOf,
  Run,
  TakenStatements,
  Via,
} from '../../core/index.ts';
import { ListeningMonitor } from './listening-monitor.ts';
import type { Delivery, Reply, RuntimeParts, Taking } from './runtime-parts.ts';
import { queueFull, refusalOf } from './runtime-refusals.ts';
import { StallMonitor } from './stall-monitor.ts';
import { Upkeep } from './upkeep.ts';

/** Events that wait for a turn. Beyond it requests are refused: each holds a body of up to 1 MiB. */
const MAX_QUEUED_EVENTS = 4096;
/** Events in one turn: enough to share an fsync, few enough that replies do not wait for a long turn. */
const MAX_TURN_EVENTS = 256;

type State = 'open' | 'closed' | 'failed';

export class Runtime {
  readonly #parts: RuntimeParts;
  #refused = 0;
  readonly #queue: Event[] = [];
  readonly #replies = new Map<number, Reply>();
  readonly #deliveries = new Map<number, Delivery>();
  readonly #takings = new Map<number, Taking>();
  readonly #listeners = new Set<ChangeListener>();
  readonly #cancelTimers = new Set<() => void>();
  #state: State = 'open';
  #failure: Error | undefined;
  #nextId = 1;
  #running: Promise<void> | undefined;
  /** What is done in the store between turns. */
  readonly #upkeep: Upkeep;
  readonly #stalls: StallMonitor;
  readonly #listening: ListeningMonitor;
  /** False while views may show what the statements of trust that are held do not allow, or lack what they do. */
  #isJudged = true;
  /** Reads under way: a stop waits for them. */
  #loads = 0;
  /** Resolves when the next load ends, for everybody who waits. */
  #loadEnded = Promise.withResolvers<void>();

  constructor(parts: RuntimeParts) {
    this.#parts = parts;
    this.#stalls = new StallMonitor(parts);
    this.#listening = new ListeningMonitor(parts.clock);
    this.#upkeep = new Upkeep(parts.commits, parts.superseded);
    if (parts.reduced.length > 0) {
      this.#queue.push({ type: 'documents-reduced', documents: parts.reduced });
    }
    // The first turn carries out what the node asks for at its birth: loads of documents whose views lag.
    this.#schedule();
  }

  /** Asks the node. Rejects with HoldfastError. A write that resolves is as safe as its answer says. */
  request<M extends Method>(method: M, caller: Caller, body: RequestOf<M>): Promise<ResponseOf<M>> {
    if (this.#state !== 'open') return Promise.reject(this.#refusal());
    if (this.#queue.length >= MAX_QUEUED_EVENTS) {
      this.#refused++;
      return Promise.reject(queueFull(MAX_QUEUED_EVENTS));
    }
    const requestId = this.#nextId++;
    return new Promise<Response>((resolve, reject) => {
      this.#replies.set(requestId, { resolve, reject });
      this.#take({ type: 'request', requestId, request: { method, caller, body } as Request });
    }) as Promise<ResponseOf<M>>;
  }

  /** Hands over runs and by whom they came. Resolves with what became of them, once that is stored. */
  deliver(runs: readonly Run[], via?: Via): Promise<DeliveryOutcome> {
    return this.#deliver((deliveryId) => ({ type: 'runs-received', deliveryId, runs, via }));
  }

  /** Hands over encoded proofs of forks. Resolves with what became of them, once that is stored. */
  deliverProofs(proofs: readonly Uint8Array[]): Promise<DeliveryOutcome> {
    return this.#deliver((deliveryId) => ({ type: 'proofs-received', deliveryId, proofs }));
  }

  /** Hands over statements of trust. Resolves with what became of them, once that is stored. */
  deliverStatements(statements: readonly Uint8Array[]): Promise<TakenStatements> {
    if (this.#state !== 'open') return Promise.reject(this.#refusal());
    const deliveryId = this.#nextId++;
    return new Promise((resolve, reject) => {
      this.#takings.set(deliveryId, { resolve, reject });
      this.#take({ type: 'statements-received', deliveryId, statements });
    });
  }

  /** A member says what its wall clock shows, milliseconds since 1970. */
  heardClock(nodeId: NodeId, wallMs: number): void {
    if (this.#state === 'open') this.#take({ type: 'clock-heard', nodeId, wallMs });
  }

  /** So many members are linked from now on. */
  linked(links: number): void {
    if (this.#state === 'open') this.#take({ type: 'linked', links });
  }

  /** A linked member said something: told with the next turn. */
  heard(): void {
    this.#listening.heard();
  }

  #deliver(event: (deliveryId: number) => Event): Promise<DeliveryOutcome> {
    if (this.#state !== 'open') return Promise.reject(this.#refusal());
    const deliveryId = this.#nextId++;
    return new Promise((resolve, reject) => {
      this.#deliveries.set(deliveryId, { resolve, reject });
      this.#take(event(deliveryId));
    });
  }

  /** Applies stored commits again whose views were lost. Resolves when the views are stored. */
  async replay(
    batches: AsyncIterable<Extract<Event, { type: 'commits-replayed' }>['commits']>,
  ): Promise<void> {
    for await (const commits of batches) {
      this.#take({ type: 'commits-replayed', commits });
      await this.idle();
      if (this.#failure !== undefined) throw this.#failure;
    }
  }

  /** Calls back after documents changed. Returns how to stop it. */
  onChange(listener: ChangeListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  figures(): NodeFigures & { readonly events: QueueFigure } {
    const events = {
      depth: this.#queue.length,
      capacity: MAX_QUEUED_EVENTS,
      drops: this.#refused,
    };
    return { ...this.#parts.node.figures(), events };
  }

  /** Why the store failed; undefined while it has not. */
  get failure(): Error | undefined {
    return this.#failure;
  }

  /** Resolves when nothing is queued, being written or being loaded. */
  async idle(): Promise<void> {
    while (this.#running !== undefined || this.#loads > 0) {
      await (this.#running ?? this.#loadEnded.promise);
    }
  }

  /** Commits what is still only in memory and takes nothing more. Idempotent. */
  async close(): Promise<void> {
    if (this.#state !== 'open') return this.idle();
    this.#state = 'closed';
    // Twice: the first flush may only have asked for a document that had to be loaded.
    for (let i = 0; i < 2; i++) {
      this.#take({ type: 'timer', name: 'pulse-flush' });
      await this.idle();
    }
    for (const cancel of this.#cancelTimers) cancel();
    this.#stalls.close();
    this.#rejectAll(this.#refusal());
  }

  #take(event: Event): void {
    // What comes after a failure, such as the end of a load, must not reach the store any more.
    if (this.#state === 'failed') return;
    this.#queue.push(event);
    this.#schedule();
  }

  #schedule(): void {
    this.#running ??= this.#run();
  }

  async #run(): Promise<void> {
    // Whatever else arrives in this moment shares the turn.
    await Promise.resolve();
    try {
      do {
        const now = this.#parts.clock.now();
        for (const stall of this.#stalls.take())
          this.#parts.node.handle({ type: 'stalled', ...stall }, now);
        const heard = this.#listening.take();
        if (heard !== undefined) this.#parts.node.handle({ type: 'heard', ...heard }, now);
        for (const event of this.#queue.splice(0, MAX_TURN_EVENTS))
          this.#parts.node.handle(event, now);
        await this.#carryOut(this.#parts.node.handle({ type: 'turn-ended' }, now));
        this.#queue.unshift(...(await this.#upkeep.step()));
        if (!this.#isJudged && !this.#hasWork()) {
          this.#isJudged = true;
          await this.#parts.judged?.();
        }
      } while (this.#hasWork());
    } catch (error) {
      this.#fail(error);
    } finally {
      this.#running = undefined;
    }
  }

  #hasWork(): boolean {
    return (this.#queue.length > 0 || this.#upkeep.isBusy) && this.#state !== 'failed';
  }

  async #carryOut(effects: readonly Effect[]): Promise<void> {
    for (const effect of effects) {
      switch (effect.type) {
        case 'persist':
          await this.#persist(effect);
          break;
        case 'reply':
          this.#reply(effect.requestId, effect.outcome);
          break;
        case 'delivered':
          this.#deliveries.get(effect.deliveryId)?.resolve(effect.outcome);
          this.#deliveries.delete(effect.deliveryId);
          break;
        case 'statements-taken':
          this.#takings.get(effect.deliveryId)?.resolve(effect);
          this.#takings.delete(effect.deliveryId);
          break;
        case 'reconsider':
          this.#upkeep.reconsider(effect.authors);
          break;
        case 'stated':
          this.#isJudged = false;
          this.#parts.onStated?.();
          break;
        case 'compare-anew':
          this.#parts.onCompareAnew?.();
          break;
        case 'prune':
          this.#queue.unshift(...(await this.#upkeep.drop(effect)));
          break;
        case 'gather-live':
          this.#gather(effect);
          break;
        case 'feeds-forgotten':
          this.#parts.onForgotten(effect.feeds);
          break;
        case 'forks-proved':
          this.#parts.onForksProved?.(effect.proofs);
          break;
        case 'read-commit':
          this.#readCommit(effect.feed, effect.seq);
          break;
        case 'load-document':
          this.#load(effect.key, effect.generation);
          break;
        case 'arm-timer':
          this.#arm(effect);
          break;
        case 'feeds-advanced':
          this.#parts.onAdvanced(effect.positions);
          break;
        case 'documents-changed':
          for (const listener of [...this.#listeners]) listener(effect.collections);
          break;
        case 'report':
          this.#parts.onReport(effect.event, effect.detail, effect.fault);
          break;
      }
    }
  }

  async #persist(effect: Extract<Effect, { type: 'persist' }>): Promise<void> {
    const { clock, commits, onPersisted } = this.#parts;
    const beganMs = clock.now().monotonicMs;
    await commits.persist(effect);
    onPersisted?.(clock.now().monotonicMs - beganMs, effect.sync);
  }

  #reply(requestId: number, outcome: ReplyOutcome): void {
    const reply = this.#replies.get(requestId);
    this.#replies.delete(requestId);
    if (outcome.ok) reply?.resolve(outcome.response);
    else reply?.reject(outcome.error);
  }

  #load(key: string, generation: number): void {
    this.#read(async () => {
      const changes = await this.#parts.commits.loadChanges(key, generation);
      return { type: 'document-loaded', key, generation, changes };
    });
  }

  #gather({ lane, author, spans }: Extract<Effect, { type: 'gather-live' }>): void {
    this.#read(async () => {
      const ops = await this.#parts.commits.gather(author, lane, spans);
      return { type: 'live-gathered', lane, ops };
    });
  }

  #readCommit(feed: FeedId, seq: number): void {
    this.#read(async () => {
      const commit = await this.#parts.commits.readCommit(feed, seq);
      return { type: 'commit-read', feed, seq, commit };
    });
  }

  #read(read: () => Promise<Event>): void {
    this.#loads++;
    read()
      .then((event) => this.#take(event))
      .catch((error: unknown) => this.#fail(error))
      .finally(() => {
        this.#loads--;
        this.#loadEnded.resolve();
        this.#loadEnded = Promise.withResolvers();
      });
  }

  #arm(effect: Extract<Effect, { type: 'arm-timer' }>): void {
    const cancel = this.#parts.timers.after(effect.afterMs, () => {
      this.#cancelTimers.delete(cancel);
      if (this.#state === 'open') this.#take({ type: 'timer', name: effect.name });
    });
    this.#cancelTimers.add(cancel);
  }

  #fail(error: unknown): void {
    if (this.#state === 'failed') return;
    this.#state = 'failed';
    this.#stalls.close();
    this.#failure = error instanceof Error ? error : new Error(String(error));
    this.#queue.length = 0;
    this.#rejectAll(this.#refusal());
    this.#parts.onFailed(error);
  }

  #rejectAll(error: HoldfastError): void {
    for (const reply of this.#replies.values()) reply.reject(error);
    this.#replies.clear();
    for (const delivery of this.#deliveries.values()) delivery.reject(error);
    this.#deliveries.clear();
    for (const taking of this.#takings.values()) taking.reject(error);
    this.#takings.clear();
  }

  #refusal(): HoldfastError {
    return refusalOf(this.#failure, this.#state === 'failed');
  }
}
