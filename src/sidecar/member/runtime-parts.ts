// What a runtime is made of, and who waits for it.
import type {
  Clock,
  DeliveryOutcome,
  FeedId,
  FeedPosition,
  ForkProof,
  HoldfastError,
  Node,
  Remainder,
  ReportEvent,
  Response,
  Superseded,
  TakenStatements,
  Timers,
} from '../../core/index.ts';
import type { CommitStore } from '../store/commit-store.ts';

export interface RuntimeParts {
  readonly node: Node;
  readonly commits: Pick<
    CommitStore,
    'persist' | 'loadChanges' | 'gather' | 'readCommit' | 'prune' | 'forgetFeed' | 'reconsider'
  >;
  /** Commits that count no more and are still stored from before. */
  readonly superseded: readonly Superseded[];
  /** What is left of documents whose views do not show that commits were dropped. */
  readonly reduced: readonly Remainder[];
  readonly clock: Clock;
  readonly timers: Timers;
  /** Feeds grew; the mesh has news to send. */
  onAdvanced(positions: readonly FeedPosition[]): void;
  /** Feeds are closed for good. */
  onForgotten(feeds: readonly FeedId[]): void;
  /** Feeds turned out to be void: peers must hear of it. */
  onForksProved?(proofs: readonly ForkProof[]): void;
  /** Statements of trust came in: peers must hear of them. */
  onStated?(): void;
  /** More, or less, is held of feeds than peers were told: frontiers must be compared anew. */
  onCompareAnew?(): void;
  /** What is shown follows from the statements of trust that are held. */
  judged?(): Promise<void>;
  /** A turn was written, in so many milliseconds; with `sync` it survives a power cut. */
  onPersisted?: ((tookMs: number, sync: boolean) => void) | undefined;
  /** Something an operator should read. */
  onReport(event: ReportEvent, detail: string, fault: unknown): void;
  /** The store failed: nothing is acknowledged from now on. Called once. */
  onFailed(error: unknown): void;
}

/** Who waits for an answer. */
export interface Reply {
  resolve(response: Response): void;
  reject(error: HoldfastError): void;
}

export interface Taking {
  resolve(taken: TakenStatements): void;
  reject(error: HoldfastError): void;
}

export interface Delivery {
  resolve(outcome: DeliveryOutcome): void;
  reject(error: HoldfastError): void;
}
