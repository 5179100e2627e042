// Runs the discoveries of a member while its mesh may speak: a paused mesh announces nothing and asks for nothing.
import type { NodeId } from '../core/index.ts';
import type { Discovery, Found } from '../mesh/index.ts';

/** What a discovery announces of this sidecar. */
export interface SelfOnNetwork {
  readonly nodeId: NodeId;
  /** `host:port` that the mesh listens at. */
  readonly meshAddress: string;
}

export interface DiscoverySource {
  readonly source: Found['source'];
  /** Made anew for each start. */
  create(self: SelfOnNetwork): Discovery;
}

export type FinderReport =
  | { readonly type: 'discovery-started'; readonly source: Found['source'] }
  | {
      readonly type: 'discovery-trouble';
      readonly source: Found['source'];
      readonly reason: string;
    };

export interface FinderParts {
  readonly sources: readonly DiscoverySource[];
  /** Asked at each start: by then the mesh listens. */
  self(): SelfOnNetwork;
  onFound(found: Found): void;
  report(report: FinderReport): void;
}

export class Finder {
  readonly #parts: FinderParts;
  #running: Discovery[] = [];
  #isClosed = false;
  /** Goodbyes under way. */
  #stopping: Promise<unknown> = Promise.resolve();

  constructor(parts: FinderParts) {
    this.#parts = parts;
  }

  /** Begins to look, unless it does already or was closed. */
  start(): void {
    if (this.#running.length > 0 || this.#isClosed) return;
    const { sources, self, report } = this.#parts;
    this.#running = sources.map(({ source, create }) => {
      const discovery = create(self());
      const trouble = (reason: string): void => {
        if (this.#runs(discovery)) report({ type: 'discovery-trouble', source, reason });
      };
      const onFound = (found: Found): void => {
        if (this.#runs(discovery)) this.#parts.onFound(found);
      };
      discovery.start({ onFound, onTrouble: trouble }).then(
        () => {
          if (this.#runs(discovery)) report({ type: 'discovery-started', source });
        },
        (error: unknown) => trouble(error instanceof Error ? error.message : String(error)),
      );
      return discovery;
    });
  }

  nudge(): void {
    for (const discovery of this.#running) discovery.nudge();
  }

  /** Says goodbye and looks no more, until `start`. */
  stop(): void {
    const stopped = this.#running;
    this.#running = [];
    const closed = stopped.map((discovery) => discovery.close().catch(() => undefined));
    this.#stopping = Promise.all([this.#stopping, ...closed]);
  }

  /** Stops for good; resolves when the goodbyes are said. Idempotent. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.stop();
    await this.#stopping;
  }

  #runs(discovery: Discovery): boolean {
    return this.#running.includes(discovery);
  }
}
