// Requests on their way to an answer: what a request needs is brought up to date first, and where that has to be loaded, it waits.
import { MAX_WAITING_REQUESTS, RETRY_AFTER_LIMIT_MS } from './config.ts';
import type { DocumentTable } from './documents/document-table.ts';
import type { ReplyOutcome } from './effect.ts';
import type { QueueFigure } from './figures.ts';
import { needsOf } from './needs.ts';
import type { Request } from './request.ts';
import type { Turn } from './turn.ts';
import { HoldfastError } from './values/error.ts';
import type { DocumentKey } from './values/ids.ts';

interface Asked {
  readonly requestId: number;
  readonly request: Request;
}

interface Waiting extends Asked {
  readonly awaited: Set<DocumentKey>;
}

/** What a request is answered with, in the turn it is answered in. */
export interface AnswerScene {
  readonly documents: DocumentTable;
  readonly turn: Turn;
  load(key: DocumentKey, generation: number): void;
  execute(request: Request): ReplyOutcome;
}

export class WaitingRequests {
  #waiting: Waiting[] = [];
  #turnedAway = 0;

  get figure(): QueueFigure {
    return {
      depth: this.#waiting.length,
      capacity: MAX_WAITING_REQUESTS,
      drops: this.#turnedAway,
    };
  }

  /** Answers a request, or lets it wait until the documents it needs are loaded. */
  answer({ requestId, request }: Asked, scene: AnswerScene): void {
    const reply = (outcome: ReplyOutcome): void =>
      scene.turn.emit({ type: 'reply', requestId, outcome });
    const missing = missingFor(request, scene);
    if (missing.size === 0) return reply(scene.execute(request));
    if (this.#waiting.length >= MAX_WAITING_REQUESTS) {
      this.#turnedAway++;
      const error = new HoldfastError(
        'LIMIT_REACHED',
        `${MAX_WAITING_REQUESTS} requests wait for the disk already. Nothing was done; try again.`,
        { retryAfterMs: RETRY_AFTER_LIMIT_MS },
      );
      return reply({ ok: false, error });
    }
    for (const [key, generation] of missing) scene.load(key, generation);
    this.#waiting.push({ requestId, request, awaited: new Set(missing.keys()) });
  }

  /** A document was loaded: whoever waited for nothing else is answered. */
  retry(loaded: DocumentKey, scene: AnswerScene): void {
    const ready: Waiting[] = [];
    this.#waiting = this.#waiting.filter((waiting) => {
      if (!waiting.awaited.delete(loaded) || waiting.awaited.size > 0) return true;
      ready.push(waiting);
      return false;
    });
    for (const request of ready) this.answer(request, scene);
  }
}

/** Documents a request needs that must be loaded first. The others are brought up to date. */
function missingFor(request: Request, { documents, turn }: AnswerScene): Map<DocumentKey, number> {
  const missing = new Map<DocumentKey, number>();
  const { live, shown, keys = [] } = needsOf(request, documents.views);
  const note = (key: DocumentKey, generation: number | undefined): void => {
    if (generation !== undefined) missing.set(key, generation);
    else turn.viewChanged(key);
  };
  for (const key of live) {
    const generation = documents.missing(key);
    if (generation !== undefined) missing.set(key, generation);
  }
  for (const key of keys) note(key, documents.show(key));
  for (const { collection, prefix } of shown) {
    for (const key of documents.behind(collection, prefix)) note(key, documents.show(key));
  }
  return missing;
}
