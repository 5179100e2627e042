// What a member is given, and what it tells.
import type {
  ClockBounds,
  CoreConfig,
  Environment,
  Forgetting,
  ReportEvent,
  Signer,
} from '../../core/index.ts';
import type {
  LinkBudgets,
  LinkClassRule,
  MeshReport,
  QuietSpan,
  Resolver,
  Transport,
} from '../../mesh/index.ts';
import type { EnrolmentOptions } from '../enrolment/enrolment.ts';
import type { EnrolmentReport } from '../enrolment/report.ts';
import type { ExchangeOptions, ExchangeReport } from '../links/address-exchange.ts';
import type { DiscoverySource, FinderReport } from '../links/finder.ts';
import type { Store } from '../store/store.ts';

/** What an operator may want to read. */
export type MemberReport =
  | MeshReport
  | ExchangeReport
  | FinderReport
  | EnrolmentReport
  | {
      readonly type: 'core';
      readonly event: ReportEvent;
      readonly detail: string;
      readonly fault: unknown;
    }
  | { readonly type: 'views-rebuilt'; readonly documents: number }
  /** Nothing is acknowledged any more: the member must be closed. The error says whether the store is at fault. */
  | { readonly type: 'store-failed'; readonly error: unknown };

export interface MemberParts {
  readonly environment: Environment;
  /** Closed by whoever opened it, after the member. */
  readonly store: Store;
  /** Closed by the member. */
  readonly transport: Transport;
  readonly name: string;
  /** Those it serves; where they come and go while it runs the set is asked each time. */
  readonly agents: readonly string[] | ReadonlySet<string>;
  readonly signer: Signer;
  readonly fleet: { readonly fleetId: Uint8Array; readonly key: Uint8Array };
  /** The genesis, then what came with the own certificate; absent in an open fleet. */
  readonly founded?: readonly Uint8Array[] | undefined;
  /** How others are let in, and the own certificate renewed; of a founded fleet alone. */
  readonly enrolment?: EnrolmentOptions | undefined;
  readonly config: CoreConfig;
  /** Between which times its wall clock can be right; any if left out. */
  readonly clockBounds?: ClockBounds | undefined;
  /** When history is let go; what is usual if absent. */
  readonly forgetting?: Forgetting;
  /** Why nothing is taken from peers now; undefined, or absent, while it is. */
  holdsBack?(): string | undefined;
  /** What links may carry; no limit where this is left out. */
  readonly budgets?: LinkBudgets;
  /** Which class a link has, the first that matches; by its address where this is left out. */
  readonly linkClasses?: readonly LinkClassRule[];
  /** When links of a class are silent. */
  readonly quietHours?: readonly QuietSpan[];
  /** Whether it begins as one that only receives, where the store does not say. */
  readonly receivesOnly?: boolean;
  /** Looks up the names of peers; where this is left out, they are the transport's affair. */
  readonly resolver?: Resolver | undefined;
  /** How addresses are exchanged with other members; not at all where this is left out. */
  readonly exchange?: ExchangeOptions;
  /** What finds other members; nothing does where this is left out. */
  readonly discoveries?: readonly DiscoverySource[] | undefined;
  /** See RuntimeParts. */
  onPersisted?(tookMs: number, sync: boolean): void;
  report(report: MemberReport): void;
}
