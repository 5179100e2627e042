// An attacker with keys: somebody whose sidecar was captured, or who never had one. Real links and real frames, and no rule is kept.

import { LiveDocument } from '../../../src/core/documents/document.ts';
import { encodeOps } from '../../../src/core/feeds/commit.ts';
import { FeedTable } from '../../../src/core/feeds/feed.ts';
import {
  type Commit,
  createIncarnation,
  type DeliveryOutcome,
  type FeedId,
  type FeedPosition,
  feedKey,
  type Hlc,
  hlcOf,
  type JsonObject,
  type KnownLane,
  type NodeId,
  type Op,
  type Run,
  type Statement,
} from '../../../src/core/index.ts';
import {
  createLanTransport,
  type Link,
  Mesh,
  type MeshReport,
  type Transport,
} from '../../../src/mesh/index.ts';
import { limitRun } from '../../../src/mesh/protocol/index.ts';
import { sodiumCrypto } from '../../../src/sidecar/sodium-crypto.ts';
import { systemEnvironment } from '../../../src/sidecar/system-environment.ts';
import { waitFor } from '../../e2e/support/site.ts';
import type { KeyHolder } from '../../support/fleet.ts';

const { clock, timers, random } = systemEnvironment;

export interface MalloryOptions {
  readonly fleetSecret: Uint8Array;
  /** What signatures of commits are for. */
  readonly fleetId: Uint8Array;
  /** What it greets with, as it likes. */
  readonly chain: readonly Uint8Array[];
  /** Statements it passes on. */
  readonly statements: readonly Statement[];
  /** Whose id it claims; its own unless something is said. */
  readonly claims?: NodeId;
}

/** Which feed commits are put into. Of somebody else they carry the wrong signature. */
interface Forged {
  readonly author?: NodeId;
  readonly clock?: Hlc;
  readonly incarnation?: string;
  readonly fleetId?: Uint8Array;
}

export class Mallory implements AsyncDisposable {
  readonly who: KeyHolder;
  readonly incarnation: string;
  readonly #options: MalloryOptions;
  readonly #transport: Transport;
  readonly #mesh: Mesh;
  readonly #commits = new Map<string, Commit[]>();
  readonly #tables = new Map<string, FeedTable>();
  readonly #statements: Statement[];
  readonly #reports: MeshReport[] = [];
  #link: Link | undefined;
  /** What was delivered to it. */
  readonly heard: Run[] = [];
  /** Bytes it sends in place of the run that is asked for. */
  alter: (run: Run) => Run = (run) => run;

  constructor(who: KeyHolder, options: MalloryOptions) {
    this.who = who;
    this.#options = options;
    this.#statements = [...options.statements];
    const nowMs = clock.now().wallMs;
    this.incarnation = createIncarnation(who.key, nowMs, random.bytes(4), sodiumCrypto);
    const lan = createLanTransport({
      ...{ host: '127.0.0.1', port: 0, keyPair: who.nodeKey.noise, timers },
    });
    this.#transport = {
      listen: (handlers) => lan.listen(handlers),
      dial: async (address, signal) => {
        this.#link = await lan.dial(address, signal);
        return this.#link;
      },
      close: () => lan.close(),
    };
    this.#mesh = new Mesh({
      ...{ clock, timers, random, transport: this.#transport, name: who.name },
      membership: {
        nodeId: options.claims ?? who.key,
        bootId: this.incarnation,
        fleetSecret: options.fleetSecret,
        signer: who.signer,
        crypto: sodiumCrypto,
        certified: { chain: () => options.chain, doubt: () => undefined },
      },
      feeds: {
        positions: () => this.#positions(),
        readRun: (feed, firstSeq) => Promise.resolve(this.#read(feed, firstSeq)),
        deliver: (runs) => this.#take(runs),
        // Never equal to anybody's, so that everything is told.
        trust: {
          ...{ statements: () => this.#statements, digest: () => random.bytes(32) },
          ...{ chainOf: () => [], doubtMember: () => undefined },
        },
        deliverStatements: () => Promise.resolve({ held: [], fault: undefined }),
      },
      report: (report) => this.#reports.push(report),
    });
  }

  /** Dials, for ever. */
  dial(address: string): void {
    this.#mesh.addPeer(address);
  }

  /** Dials and waits to be let in. */
  async link(address: string): Promise<void> {
    this.dial(address);
    await waitFor(`${this.who.name} to be let in`, () => this.isLinked);
  }

  get isLinked(): boolean {
    return this.#mesh.peers().some(({ state }) => state === 'connected');
  }

  /** Why dials came to nothing, oldest first. */
  get failures(): string[] {
    return this.#reports.flatMap((report) =>
      report.type === 'dial-failed' ? [report.reason] : [],
    );
  }

  /** Why links ended, oldest first. */
  get losses(): string[] {
    return this.#reports.flatMap((report) => (report.type === 'link-down' ? [report.reason] : []));
  }

  /** Sends bytes in the middle of the conversation, on the link that was made last. */
  say(...frames: readonly Uint8Array[]): void {
    for (const frame of frames) this.#link?.send(frame);
  }

  /** Passes a statement on. */
  state(...statements: readonly Statement[]): void {
    this.#statements.push(...statements);
    this.#mesh.stated();
  }

  /** Writes a document into its own feed, or into one that it says is somebody else's. */
  put(key: string, value: JsonObject, lane: KnownLane = 'state', forged: Forged = {}): Commit {
    const document = new LiveDocument(forged.incarnation ?? this.incarnation, sodiumCrypto);
    const bytes = document.found(value);
    document.free();
    return this.append(lane, [{ key, kind: 'change', generation: 0, bytes }], forged);
  }

  append(lane: KnownLane, ops: readonly Op[] | Uint8Array, forged: Forged = {}): Commit {
    const feed = this.feed(lane, forged);
    const payload = ops instanceof Uint8Array ? ops : encodeOps(ops);
    const commit = this.#tableOf(feed, forged).append(
      lane,
      forged.clock ?? hlcOf(clock.now().wallMs),
      payload,
    );
    this.keep(commit);
    return commit;
  }

  feed(lane: KnownLane, forged: Forged = {}): FeedId {
    const { author = this.who.key, incarnation = this.incarnation } = forged;
    return { author, incarnation, lane };
  }

  /** Its own commits in a lane. */
  held(lane: KnownLane): readonly Commit[] {
    return this.#commits.get(feedKey(this.feed(lane))) ?? [];
  }

  /** Says that it holds what it does not. */
  announce(positions: readonly FeedPosition[]): void {
    this.#mesh.advanced(positions);
  }

  /** Holds a commit, however it was made, and tells everybody that it does. */
  keep(commit: Commit): void {
    const key = feedKey(commit.feed);
    const held = this.#commits.get(key) ?? [];
    held.push(commit);
    this.#commits.set(key, held);
    this.#mesh.advanced([{ feed: commit.feed, seq: commit.seq }]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#mesh.close();
    await this.#transport.close();
  }

  #tableOf(feed: FeedId, { fleetId = this.#options.fleetId }: Forged): FeedTable {
    const key = `${feed.author}/${feed.incarnation}`;
    const table =
      this.#tables.get(key) ??
      new FeedTable({
        ...{ fleetId, crypto: sodiumCrypto, signer: this.who.signer, heads: [] },
        own: (lane) => ({ ...feed, lane }),
      });
    this.#tables.set(key, table);
    return table;
  }

  #positions() {
    return [...this.#commits.values()].flatMap((commits) => {
      const last = commits.at(-1);
      return last === undefined ? [] : [{ feed: last.feed, seq: last.seq }];
    });
  }

  #read(feed: FeedId, firstSeq: number): Run | undefined {
    const commits = (this.#commits.get(feedKey(feed)) ?? []).filter(({ seq }) => seq >= firstSeq);
    const [first] = commits;
    return first && this.alter(limitRun({ feed, firstSeq: first.seq, commits }));
  }

  #take(runs: readonly Run[]): Promise<DeliveryOutcome> {
    this.heard.push(...runs);
    return Promise.resolve({ type: 'stored' });
  }
}
