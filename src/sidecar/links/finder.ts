// Runs the discoveries of a member while its mesh may speak: a paused mesh announces nothing and asks for nothing.
import type { NodeId } from '../../core/index.ts';
import type { Discovery, Found } from '../../mesh/index.ts';

/** What a discovery announces of this sidecar. */
export interface SelfOnNetwork {
  readonly nodeId: NodeId;
  /** `host:port` that the mesh listens at. */
  readonly meshAddress: string;
}

/** How a way does that may be used. */
export interface DiscoveryCondition {
  readonly isTroubled: boolean;
  /** Over what it looks, or what is wrong, in words. */
  readonly note: string;
}

/** One way of finding members, as operators see it. */
export interface DiscoveryView {
  readonly source: Found['source'];
  readonly state: 'looking' | 'silent' | 'troubled';
  readonly note: string;
}

export interface DiscoverySource {
  readonly source: Found['source'];
  /** Made anew each time that it may speak. */
  create(self: SelfOnNetwork): Discovery;
  /** The way is silent from now on, until the next `create`: called after the discovery was closed. */
  silence?(): Promise<void>;
  /** Asked of what was created last. */
  condition?(): DiscoveryCondition;
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
  /** Whether a way may be used now. */
  maySpeak(source: Found['source']): boolean;
  onFound(found: Found): void;
  report(report: FinderReport): void;
}

export class Finder {
  readonly #parts: FinderParts;
  readonly #running = new Map<DiscoverySource, Discovery>();
  /** Why what runs did not start. */
  readonly #refusals = new Map<DiscoverySource, string>();
  #isClosed = false;
  /** Goodbyes under way. */
  #stopping: Promise<unknown> = Promise.resolve();

  constructor(parts: FinderParts) {
    this.#parts = parts;
  }

  /** Begins to look in each way that may be used, and ends it in each that may not. To be called again at will. */
  look(): void {
    for (const source of this.#parts.sources) {
      const may = !this.#isClosed && this.#parts.maySpeak(source.source);
      const running = this.#running.get(source);
      if (may && running === undefined) this.#begin(source);
      if (!may && running !== undefined) this.#end(source, running);
    }
  }

  views(): readonly DiscoveryView[] {
    return this.#parts.sources.map((from) => {
      const { source } = from;
      if (!this.#running.has(from)) return { source, state: 'silent', note: '' };
      const refusal = this.#refusals.get(from);
      if (refusal !== undefined) return { source, state: 'troubled', note: refusal };
      const { isTroubled, note } = from.condition?.() ?? { isTroubled: false, note: '' };
      return { source, state: isTroubled ? 'troubled' : 'looking', note };
    });
  }

  nudge(): void {
    for (const discovery of this.#running.values()) discovery.nudge();
  }

  /** Looks no more; resolves when the goodbyes are said. Idempotent. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.look();
    await this.#stopping;
  }

  #begin(from: DiscoverySource): void {
    const { source } = from;
    const { self, report, onFound } = this.#parts;
    const discovery = from.create(self());
    this.#running.set(from, discovery);
    const runs = (): boolean => this.#running.get(from) === discovery;
    const onTrouble = (reason: string): void => {
      if (runs()) report({ type: 'discovery-trouble', source, reason });
    };
    const handlers = {
      onTrouble,
      onFound: (found: Found): void => {
        if (runs()) onFound(found);
      },
    };
    discovery.start(handlers).then(
      () => {
        if (runs()) report({ type: 'discovery-started', source });
      },
      (error: unknown) => {
        const reason = error instanceof Error ? error.message : String(error);
        if (runs()) this.#refusals.set(from, reason);
        onTrouble(reason);
      },
    );
  }

  #end(from: DiscoverySource, discovery: Discovery): void {
    this.#running.delete(from);
    this.#refusals.delete(from);
    const closed = discovery
      .close()
      // At the end the way itself is closed, after the last words on its links.
      .then(() => (this.#running.has(from) || this.#isClosed ? undefined : from.silence?.()))
      .catch(() => undefined);
    this.#stopping = Promise.all([this.#stopping, closed]);
  }
}
