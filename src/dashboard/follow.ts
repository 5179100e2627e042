// Follows the fleet: one watch that goes on where it broke off, and tells the model what changed.

import { type Document, WatchEventType } from '../gen/holdfast/v1/document_pb.ts';
import type { WatchFleetResponse } from '../gen/holdfast/v1/fleet_pb.ts';
import type { Api } from './api.ts';
import { failureOf } from './api.ts';
import type { Environment } from './environment.ts';
import type { Link, Model } from './model.ts';
import { agentOf, deploymentOf } from './rows.ts';

const PLATFORMS = 'platforms';
const DEPLOYMENTS = 'deployments';
/** What it shows, and what it asks for again when it changes. */
const COLLECTIONS = [PLATFORMS, DEPLOYMENTS, 'commands', 'command-status'];
/** The sidecar says every 15 s that it lives. */
const SILENCE_MS = 40_000;
const FIRST_RETRY_MS = 500;
const LONGEST_RETRY_MS = 5_000;

export interface FollowParts {
  readonly api: Pick<Api, 'fleet'>;
  readonly model: Model;
  readonly environment: Environment;
  /** Something in the model changed. */
  readonly onChange: (what: 'agents' | 'deployments' | 'commands' | 'link') => void;
}

export class Follow {
  readonly #parts: FollowParts;
  #cursor = '';
  /** Keys of what was told since a snapshot began; undefined between snapshots. */
  #snapshot: Set<string> | undefined = new Set();
  #retryMs = FIRST_RETRY_MS;
  #abort = new AbortController();
  #cancelRetry: (() => void) | undefined;
  #isRunning = false;

  constructor(parts: FollowParts) {
    this.#parts = parts;
  }

  /** Begins, or tries again at once. */
  start(): void {
    this.#cancelRetry?.();
    if (this.#isRunning) return;
    this.#isRunning = true;
    void this.#run().finally(() => {
      this.#isRunning = false;
      if (this.#parts.model.link.kind !== 'locked') this.#retryLater();
    });
  }

  /** Another read noticed that the sidecar does not answer: the stream may not have, so it is begun again. */
  breakOff(): void {
    this.#abort.abort();
  }

  async #run(): Promise<void> {
    const { api, environment } = this.#parts;
    const abort = new AbortController();
    this.#abort = abort;
    let cancelAlarm = environment.after(SILENCE_MS, () => abort.abort());
    try {
      const request = { collections: COLLECTIONS, cursor: this.#cursor };
      for await (const event of api.fleet.watch(request, { signal: abort.signal })) {
        cancelAlarm();
        cancelAlarm = environment.after(SILENCE_MS, () => abort.abort());
        this.#take(event);
      }
      this.#lost('The sidecar ended the stream.');
    } catch (error) {
      const failure = failureOf(error);
      if (failure.kind === 'token') this.#setLink({ kind: 'locked', why: failure.why });
      else this.#lost(failure.why);
    } finally {
      cancelAlarm();
      abort.abort();
    }
  }

  #take({ type, document, cursor }: WatchFleetResponse): void {
    const { model, environment } = this.#parts;
    this.#retryMs = FIRST_RETRY_MS;
    model.lastWallMs = environment.wallMs();
    if (cursor !== '') this.#cursor = cursor;
    switch (type) {
      case WatchEventType.RESYNC:
        this.#snapshot = new Set();
        return;
      case WatchEventType.PUT:
      case WatchEventType.DELETE:
        if (document !== undefined) this.#change(document, type === WatchEventType.DELETE);
        break;
      case WatchEventType.SYNCED:
        this.#endSnapshot();
        break;
      default:
        break;
    }
    // A resumed watch is told nothing old, so its first event of any kind shows that it lives.
    if (this.#snapshot === undefined) this.#setLink({ kind: 'live' });
  }

  #change(document: Document, isDeleted: boolean): void {
    const { model, environment, onChange } = this.#parts;
    const { collection, id } = document;
    const nowMs = environment.nowMs();
    if (!isDeleted) this.#snapshot?.add(`${collection}/${id}`);
    if (collection === PLATFORMS) {
      if (isDeleted) model.agents.delete(id);
      else model.agents.set(id, agentOf(document, nowMs));
      onChange('agents');
    } else if (collection === DEPLOYMENTS) {
      if (isDeleted) model.deployments.delete(id);
      else model.deployments.set(id, deploymentOf(document, nowMs));
      onChange('deployments');
    } else onChange('commands');
  }

  /** What the snapshot did not name is gone. */
  #endSnapshot(): void {
    const { model, onChange } = this.#parts;
    const told = this.#snapshot;
    this.#snapshot = undefined;
    if (told === undefined) return;
    for (const id of model.agents.keys())
      if (!told.has(`${PLATFORMS}/${id}`)) model.agents.delete(id);
    for (const id of model.deployments.keys())
      if (!told.has(`${DEPLOYMENTS}/${id}`)) model.deployments.delete(id);
    for (const what of ['agents', 'deployments', 'commands'] as const) onChange(what);
  }

  #lost(why: string): void {
    const { model, environment } = this.#parts;
    const sinceMs = model.link.kind === 'away' ? model.link.sinceMs : environment.nowMs();
    this.#setLink({ kind: 'away', sinceMs, why });
  }

  #setLink(link: Link): void {
    const { model, onChange } = this.#parts;
    if (model.link.kind === link.kind && link.kind === 'live') return;
    model.link = link;
    onChange('link');
  }

  #retryLater(): void {
    this.#cancelRetry = this.#parts.environment.after(this.#retryMs, () => this.start());
    this.#retryMs = Math.min(2 * this.#retryMs, LONGEST_RETRY_MS);
  }
}
