// One node: `handle(event, now)` routes an event to one handler and, at the end of a turn, returns what the world must do.

import { MalformedBytesError } from './bytes.ts';
import {
  acknowledgeCommand,
  issueCommand,
  keysOfStatus,
  listCommands,
  reportCommand,
} from './commands.ts';
import { type Commit, type Op, readOps } from './commit.ts';
import {
  type CoreConfig,
  MAX_CLOCK_AHEAD_MS,
  MAX_WAITING_REQUESTS,
  RETRY_AFTER_LIMIT_MS,
} from './config.ts';
import type { Context, NodeIdentity } from './context.ts';
import { DocumentTable, type Stamp } from './document-table.ts';
import type { DeliveryOutcome, Effect, ReplyOutcome } from './effect.ts';
import type { Crypto, Instant, Signer } from './environment.ts';
import { HoldfastError } from './error.ts';
import type { Event, ReplayedCommit } from './event.ts';
import { type FeedHead, FeedTable, type Run } from './feed.ts';
import { Heartbeats } from './heartbeats.ts';
import { type DocumentKey, documentKey, type FeedPosition } from './ids.ts';
import { PendingCommands } from './pending-commands.ts';
import * as reads from './reads.ts';
import type { Request, Response } from './request.ts';
import { type Hlc, hlcObserve, hlcTick } from './time.ts';
import { Turn } from './turn.ts';
import type { View } from './view.ts';
import { keysOfPut, patch, put, remove } from './writes.ts';

/** What a node remembers from before: read from the store at start. */
export interface NodeMemory {
  readonly feeds: readonly FeedHead[];
  readonly views: readonly View[];
  /** Documents whose view does not show all stored changes, with the generation to load. */
  readonly stale: readonly DocumentKey[];
  /** The newest clock reading of our own. */
  readonly clock: Hlc;
  /** Above every version handed out before. */
  readonly firstVersion: number;
}

export interface NodeParts {
  readonly identity: NodeIdentity;
  readonly fleetId: Uint8Array;
  readonly config: CoreConfig;
  readonly crypto: Crypto;
  readonly signer: Signer;
  readonly memory: NodeMemory;
}

interface Waiting {
  readonly requestId: number;
  readonly request: Request;
}

export class Node {
  readonly #parts: NodeParts;
  readonly #documents: DocumentTable;
  readonly #feeds: FeedTable;
  readonly #heartbeats = new Heartbeats();
  readonly #pendingCommands = new PendingCommands();
  /** Requests that wait for documents to be loaded. */
  #waiting: Waiting[] = [];
  #clock: Hlc;
  #turn: Turn;

  constructor(parts: NodeParts) {
    this.#parts = parts;
    const { identity, memory } = parts;
    this.#clock = memory.clock;
    this.#documents = new DocumentTable({
      actor: identity.incarnation,
      hash: parts.crypto,
      liveLimit: parts.config.liveDocuments,
      firstVersion: memory.firstVersion,
      views: memory.views,
    });
    this.#feeds = new FeedTable({
      fleetId: parts.fleetId,
      crypto: parts.crypto,
      signer: parts.signer,
      own: (lane) => ({ author: identity.nodeId, incarnation: identity.incarnation, lane }),
      heads: memory.feeds,
    });
    this.#turn = new Turn(this.#documents.version);
    // Views that lag behind their changes are brought up to date before anybody asks.
    for (const key of memory.stale) this.#load(key, this.#documents.view(key)?.generation ?? 0);
  }

  /** How far every feed is held. */
  positions(): FeedPosition[] {
    return this.#feeds.positions();
  }

  /** Takes an event. Effects come out at the end of the turn. */
  handle(event: Event, now: Instant): Effect[] {
    switch (event.type) {
      case 'request':
        this.#answer({ requestId: event.requestId, request: event.request }, now);
        return [];
      case 'runs-received':
        this.#receive(event.deliveryId, event.runs, now);
        return [];
      case 'document-loaded':
        this.#documents.loaded(event.key, event.generation, event.changes);
        this.#turn.viewChanged(event.key);
        this.#refresh();
        this.#retry(now);
        return [];
      case 'commits-replayed':
        for (const commit of event.commits) this.#show(commit, now);
        return [];
      case 'timer':
        this.#heartbeats.flush(this.#context(now));
        return [];
      case 'turn-ended':
        return this.#endTurn();
    }
  }

  #endTurn(): Effect[] {
    this.#refresh();
    const effects = this.#turn.end(this.#documents, this.#feeds);
    this.#documents.evict();
    this.#turn = new Turn(this.#documents.version);
    return effects;
  }

  #context(now: Instant): Context {
    return {
      identity: this.#parts.identity,
      config: this.#parts.config,
      crypto: this.#parts.crypto,
      documents: this.#documents,
      feeds: this.#feeds,
      now,
      turn: this.#turn,
      tick: () => (this.#clock = hlcTick(this.#clock, now.wallMs)),
      load: (key, generation) => this.#load(key, generation),
    };
  }

  #load(key: DocumentKey, generation: number): void {
    if (this.#documents.beginLoad(key, generation)) {
      this.#turn.emit({ type: 'load-document', key, generation });
    }
  }

  /** Answers a request, or lets it wait until the documents it writes are loaded. */
  #answer(waiting: Waiting, now: Instant): void {
    const missing = keysOf(waiting.request)
      .map((key) => ({ key, generation: this.#documents.missing(key) }))
      .filter(
        (document): document is { key: DocumentKey; generation: number } =>
          document.generation !== undefined,
      );
    if (missing.length === 0) {
      this.#reply(waiting.requestId, this.#execute(waiting.request, now));
      return;
    }
    if (this.#waiting.length >= MAX_WAITING_REQUESTS) {
      const error = new HoldfastError(
        'LIMIT_REACHED',
        `${MAX_WAITING_REQUESTS} writes wait for the disk already. Nothing was written; try again.`,
        { retryAfterMs: RETRY_AFTER_LIMIT_MS },
      );
      this.#reply(waiting.requestId, { ok: false, error });
      return;
    }
    for (const { key, generation } of missing) this.#load(key, generation);
    this.#waiting.push(waiting);
  }

  #retry(now: Instant): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const request of waiting) this.#answer(request, now);
  }

  #reply(requestId: number, outcome: ReplyOutcome): void {
    this.#turn.emit({ type: 'reply', requestId, outcome });
  }

  #execute(request: Request, now: Instant): ReplyOutcome {
    try {
      return { ok: true, response: this.#route(request, this.#context(now)) };
    } catch (error) {
      if (error instanceof HoldfastError) return { ok: false, error };
      this.#turn.emit({
        type: 'report',
        event: 'core.request_fault',
        detail: request.method,
        fault: error,
      });
      return {
        ok: false,
        error: new HoldfastError(
          'INTERNAL',
          `${request.method} failed in the sidecar. Its log says why.`,
          {
            cause: error,
          },
        ),
      };
    }
  }

  #route(request: Request, context: Context): Response {
    const { caller } = request;
    switch (request.method) {
      case 'heartbeat':
        return this.#heartbeats.receive(
          context,
          request.body,
          this.#pendingCommands.count(context, request.body.agent),
        );
      case 'put':
        return put(context, caller, request.body);
      case 'patch':
        return patch(context, caller, request.body);
      case 'delete':
        return remove(context, caller, request.body);
      case 'get':
        return reads.get(context, request.body);
      case 'list':
        return reads.list(context, request.body);
      case 'changes':
        return reads.changes(context, request.body);
      case 'listPlatforms':
        return reads.listPlatforms(context, request.body);
      case 'getPlatform':
        return reads.getPlatform(context, request.body);
      case 'listDeployments':
        return reads.listDeployments(context, request.body);
      case 'findPackage':
        return reads.findPackage(context, request.body);
      case 'issueCommand':
        return issueCommand(context, caller, request.body);
      case 'listCommands':
        return listCommands(context, caller, request.body);
      case 'acknowledgeCommand':
        return acknowledgeCommand(context, caller, request.body);
      case 'reportCommand':
        return reportCommand(context, caller, request.body);
      case 'summary':
        return reads.summary(context);
    }
  }

  /** Takes a peer's runs in order, up to the first that shows that the peer misbehaves. */
  #receive(deliveryId: number, runs: readonly Run[], now: Instant): void {
    let result: DeliveryOutcome = { type: 'stored' };
    for (const run of runs) {
      // Nobody but us writes in our own name: our incarnation is in memory, older ones come back like any other feed.
      const outcome = this.#feeds.accept(run);
      if (!outcome.ok) {
        result = { type: 'refused', reason: outcome.reason };
        break;
      }
      for (const commit of outcome.commits) this.#apply(commit, now);
    }
    this.#turn.emit({ type: 'delivered', deliveryId, outcome: result });
  }

  #apply(commit: Commit, now: Instant): void {
    const ops = this.#opsOf(commit);
    this.#turn.receive(commit, ops);
    this.#show({ feed: commit.feed, clock: commit.clock, ops }, now);
  }

  /** Applies the ops of a stored commit to the documents. */
  #show({ feed, clock, ops }: ReplayedCommit, now: Instant): void {
    // Our own readings count always: after a clock that went back, new commits must still sort behind old ones.
    const maxAheadMs = feed.author === this.#parts.identity.nodeId ? Infinity : MAX_CLOCK_AHEAD_MS;
    this.#clock = hlcObserve(this.#clock, clock, now.wallMs, maxAheadMs);
    const stamp: Stamp = {
      clock,
      origin: feed.author,
      receivedAtMs: now.wallMs,
    };
    for (const op of ops) {
      const generation = this.#documents.applyRemote(op, stamp);
      if (generation === undefined) {
        this.#turn.viewChanged(op.key);
      } else {
        this.#turn.viewIsStale(op.key);
        this.#load(op.key, generation);
      }
    }
  }

  /** Ops of a commit that mean something here; none, and a report, when its payload is void. */
  #opsOf(commit: Commit): Op[] {
    try {
      return readOps(commit.payload);
    } catch (error) {
      if (!(error instanceof MalformedBytesError)) throw error;
      const { author, lane } = commit.feed;
      this.#turn.emit({
        type: 'report',
        event: 'core.void_commit',
        detail: `commit ${commit.seq} of ${author}/${lane}: ${error.message}`,
      });
      return [];
    }
  }

  #refresh(): void {
    for (const { key, reason } of this.#documents.materialise()) {
      this.#turn.emit({
        type: 'report',
        event: 'core.change_refused',
        detail: `${key}: ${reason}`,
      });
    }
  }
}

/** Documents a request changes, which must be live before it runs. */
function keysOf(request: Request): DocumentKey[] {
  switch (request.method) {
    case 'heartbeat':
      // One that waits for the next flush can wait for the load too; one that must be safe now cannot.
      return request.body.ack === 'local' ? [documentKey('platforms', request.body.agent)] : [];
    case 'put':
      return keysOfPut(request.body.items);
    case 'patch':
      return [documentKey(request.body.collection, request.body.id)];
    case 'acknowledgeCommand':
    case 'reportCommand':
      return keysOfStatus(request.caller, request.body.id);
    default:
      return [];
  }
}
