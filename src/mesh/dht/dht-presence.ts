// A sidecar's presence in the DHT, which may have to be silent: then there is no socket at all. One node a spell of speaking.
import type SecretStream from '@hyperswarm/secret-stream';
import { probeUdpPorts } from './bootstrap.ts';
import { DhtNode, type DhtNodeOptions, type DhtStatus, type ServeOptions } from './dht-node.ts';
import type { DhtAddress, KnownNodes } from './known-nodes.ts';
import { settledWithin } from './within.ts';

/** A port that somebody took during a silence may be free again. */
const RETRY_MS = 5_000;
/** Links that are being closed have their goodbye on the way. */
const LAST_WORDS_MS = 500;
const SILENT_STATUS: DhtStatus = { state: 'starting', isOpen: false, nodes: 0 };

export interface DhtPresenceOptions extends DhtNodeOptions {
  /** It speaks from now on, at this UDP address. */
  onSpeaking(address: DhtAddress): void;
}

interface Served {
  readonly options: ServeOptions;
  server: { close(): Promise<void> } | undefined;
}

export class DhtPresence {
  readonly #options: DhtPresenceOptions;
  readonly #served = new Set<Served>();
  readonly #wakers = new Set<() => void>();
  #wanted: 'silent' | 'speaking' | 'closed' = 'silent';
  #node: DhtNode | undefined;
  #known: KnownNodes;
  /** Beginnings and ends of spells, one after the other. Never rejects. */
  #turn: Promise<void> = Promise.resolve();
  #cancelRetry: (() => void) | undefined;
  /** Streams that are not closed yet. */
  readonly #streams = new Set<Promise<void>>();

  private constructor(options: DhtPresenceOptions) {
    this.#options = options;
    this.#known = options.known;
  }

  /** Silent until `speak`. Rejects with the system's error when a port cannot be had. */
  static async open(options: DhtPresenceOptions): Promise<DhtPresence> {
    const { listen, bootstrapListen } = options;
    await probeUdpPorts(bootstrapListen === undefined ? [listen] : [bootstrapListen, listen]);
    return new DhtPresence(options);
  }

  /** Takes part in the DHT from now on. */
  speak(): void {
    if (this.#wanted !== 'silent') return;
    this.#wanted = 'speaking';
    this.#turn = this.#turn.then(() => this.#begin());
  }

  /** Ends all that is under way, within two seconds; then nothing is sent and no port is bound until `speak`. */
  silence(): Promise<void> {
    if (this.#wanted === 'speaking') this.#wanted = 'silent';
    this.#cancelRetry?.();
    this.#turn = this.#turn.then(() => this.#end());
    return this.#turn;
  }

  /** Silent for good. Idempotent. */
  close(): Promise<void> {
    this.#wanted = 'closed';
    return this.silence();
  }

  get status(): DhtStatus {
    return this.#node?.status ?? SILENT_STATUS;
  }

  /** Everything worth keeping for the next start. */
  get known(): KnownNodes {
    return this.#node?.known ?? this.#known;
  }

  /** Accepts dials of a key, in every spell, until `close` of what is returned. */
  serve(options: ServeOptions): { close(): Promise<void> } {
    const onStream = (stream: SecretStream): void => {
      this.#keep(stream);
      options.onStream(stream);
    };
    const served: Served = { options: { ...options, onStream }, server: undefined };
    served.server = this.#node?.serve(served.options);
    this.#served.add(served);
    return {
      close: async () => {
        this.#served.delete(served);
        await served.server?.close();
      },
    };
  }

  /** As `DhtNode.connect`; throws while silent. */
  connect(...whom: Parameters<DhtNode['connect']>): SecretStream {
    if (this.#node !== undefined) return this.#keep(this.#node.connect(...whom));
    throw new Error('this sidecar is silent in the DHT now');
  }

  remember(...whom: Parameters<DhtNode['remember']>): void {
    this.#node?.remember(...whom);
  }

  /** As `DhtNode.announced`, of this spell. Never rejects. */
  async announced(): Promise<void> {
    await this.#turn;
    await this.#node?.announced();
  }

  /** As `DhtNode.announce`; rejects while silent. */
  async *announce(...what: Parameters<DhtNode['announce']>): AsyncGenerator<Uint8Array, void> {
    await this.#turn;
    if (this.#node === undefined) throw new Error('this sidecar is silent in the DHT now');
    yield* this.#node.announce(...what);
  }

  unannounce(...what: Parameters<DhtNode['unannounce']>): void {
    this.#node?.unannounce(...what);
  }

  /** Calls back when the DHT answers after it did not. Returns how to end that. */
  onAwake(wake: () => void): () => void {
    this.#wakers.add(wake);
    return () => this.#wakers.delete(wake);
  }

  /** Asks around at once: the network changed. */
  nudge(): void {
    this.#node?.nudge();
  }

  #keep(stream: SecretStream): SecretStream {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#streams.add(promise);
    stream.on('close', () => {
      this.#streams.delete(promise);
      resolve();
    });
    return stream;
  }

  async #begin(): Promise<void> {
    if (this.#wanted !== 'speaking' || this.#node !== undefined) return;
    const { timers, onSpeaking, onTrouble } = this.#options;
    try {
      const node = await DhtNode.open({ ...this.#options, known: this.#known });
      this.#node = node;
      node.onAwake(() => {
        for (const wake of [...this.#wakers]) wake();
      });
      for (const served of this.#served) served.server = node.serve(served.options);
      onSpeaking(node.address);
    } catch (error) {
      onTrouble(`cannot take part now: ${error instanceof Error ? error.message : String(error)}`);
      this.#cancelRetry = timers.after(RETRY_MS, () => {
        this.#turn = this.#turn.then(() => this.#begin());
      });
    }
  }

  async #end(): Promise<void> {
    const node = this.#node;
    if (node === undefined || this.#wanted === 'speaking') return;
    this.#node = undefined;
    this.#known = node.known;
    // What was said last on links that are being closed is heard.
    await settledWithin(Promise.all(this.#streams), LAST_WORDS_MS, this.#options.timers);
    const servers = [...this.#served].flatMap(({ server }) => server?.close() ?? []);
    for (const served of this.#served) served.server = undefined;
    await Promise.all(servers);
    await node.close();
  }
}
