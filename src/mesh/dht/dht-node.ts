// This sidecar's node of the DHT: one UDP socket for all who dial, announce and look up. It asks around by itself, because
// hyperdht left alone leaves newcomers out for ten minutes, and says so when nobody answers, because hyperdht does not.
import SecretStream from '@hyperswarm/secret-stream';
import HyperDHT from 'hyperdht';
import {
  type Clock,
  type Random,
  type Rate,
  type Timers,
  TokenBucket,
  toHex,
} from '../../core/index.ts';
import { openBootstrapper, probeUdpPorts, resolveBootstrap } from './bootstrap.ts';
import { type DhtHealth, type DhtState, lookAtHealth, startHealth } from './dht-health.ts';
import {
  addressOfMember,
  type DhtAddress,
  type KnownNodes,
  MAX_KNOWN_NODES,
  withMember,
  withNodes,
} from './known-nodes.ts';
import { settledWithin } from './within.ts';

/** With bootstrap nodes of one's own: one that comes back, with nothing in its memory, is found again in this time. */
const OWN_REFRESH_MS = 5_000;
/** On the public DHT, which never forgets everything at once. */
const PUBLIC_REFRESH_MS = 60_000;
/** Refreshes without any answer until the DHT counts as silent. */
const SILENT_AFTER_REFRESHES = 2;
/** Nodes known before that are tried while the routing table is empty. */
const TRIES_PER_REFRESH = 8;
/**
 * Whether others reach our port is asked until the DHT answers, in so many refreshes after that and after a change of the network, and
 * then in as many of every so many: a router may have been told to let us in.
 */
const PORT_TESTS = 2;
const PORT_TEST_REFRESHES = 60;
/** An answer to that comes within a round trip, or not at all. */
const PORT_TEST_MS = 1_000;
/** The last word to the DHT: a round trip by satellite. Without it others find out when they dial. */
const GOODBYE_MS = 1_000;
/** hyperdht's command of a request for a handshake. */
const PEER_HANDSHAKE = 0;

export interface DhtNodeOptions {
  /** `public` is the only way to the public nodes. */
  readonly bootstrap: readonly DhtAddress[] | 'public';
  /** IPv4 address to be a bootstrap node at; undefined for none. */
  readonly bootstrapListen: DhtAddress | undefined;
  /** IPv4 address for everything else; port 0 takes a free one. */
  readonly listen: DhtAddress;
  readonly known: KnownNodes;
  /** Handshakes that are looked at: each costs 0.4 ms of CPU before we know who asks. */
  readonly handshakeRate: Rate;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  /** The DHT answers, or has stopped to. */
  onState(status: DhtStatus): void;
  /** Something an operator should know of; tried again. */
  onTrouble(reason: string): void;
}

export interface DhtStatus {
  readonly state: DhtState;
  /** Whether others reach our port without help, as far as is known. */
  readonly isOpen: boolean;
  /** Nodes in the routing table. */
  readonly nodes: number;
}

export interface ServeOptions {
  readonly keyPair: HyperDHT.DhtKeyPair;
  /** Why a dialler is refused, before anything is set up for it; undefined lets it in. */
  doubt(remotePublicKey: Uint8Array): string | undefined;
  onStream(stream: SecretStream): void;
  onRefused(address: DhtAddress, reason: string): void;
}

/** hyperdht with a limit on handshakes, which it lacks. */
class LimitedDht extends HyperDHT {
  #takes: () => boolean = () => true;
  onDropped: (from: DhtAddress) => void = () => {};

  /** `takes`: whether one more handshake is looked at now. */
  limit(takes: () => boolean): void {
    this.#takes = takes;
  }

  /**
   * Asks nodes to answer to the port we are dialled at, while we take it for closed. hyperdht does so at its start alone, and does not
   * wait for the answer: with one bootstrap node, or none yet, it took every port for closed for ever, and to make a hole through a
   * router that is not there it needs three nodes.
   */
  async testPort(): Promise<void> {
    await this._updateNetworkState(true);
  }

  override onrequest(request: HyperDHT.DhtRequest): boolean {
    if (request.command !== PEER_HANDSHAKE || this.#takes()) {
      return super.onrequest(request);
    }
    this.onDropped(request.from);
    return true;
  }
}

export class DhtNode {
  readonly #options: DhtNodeOptions;
  readonly #dht: LimitedDht;
  readonly #bootstrapper: HyperDHT | undefined;
  readonly #servers = new Set<HyperDHT.DhtServer>();
  readonly #wakers = new Set<() => void>();
  readonly #refreshMs: number;
  /** Who of the bootstrap nodes and of those known before is there has been tried once. */
  readonly #tried: Promise<void>;
  #nextKnown = 0;
  readonly #goodbyes: Promise<void>[] = [];
  #announced: Promise<void> = Promise.resolve();
  #known: KnownNodes;
  #health: DhtHealth;
  #cancelRefresh: (() => void) | undefined;
  /** Since the DHT began to answer, or the network changed. */
  #refreshes = 0;
  #closed: Promise<void> | undefined;

  private constructor(options: DhtNodeOptions, bootstrapper: HyperDHT | undefined) {
    const { listen, bootstrap, clock } = options;
    this.#options = options;
    this.#bootstrapper = bootstrapper;
    this.#known = options.known;
    this.#refreshMs = bootstrap === 'public' ? PUBLIC_REFRESH_MS : OWN_REFRESH_MS;
    this.#health = startHealth(clock.now().monotonicMs);
    this.#dht = new LimitedDht({
      host: listen.host,
      port: listen.port === 0 ? [0, 0] : [listen.port, listen.port + 1],
      anyPort: listen.port === 0,
      bootstrap: bootstrap === 'public' ? HyperDHT.BOOTSTRAP : ownBootstrap(options),
      // It stores nothing for others: the one that does is the bootstrapper beside it.
      ephemeral: true,
      // The mesh pings; the guard of frames would take these empty messages for an attack.
      connectionKeepAlive: false,
    });
    const bucket = new TokenBucket(options.handshakeRate, clock.now().monotonicMs);
    this.#dht.limit(() => bucket.take(clock.now().monotonicMs));
    this.#tried = this.#tryKnown(options.known.nodes.length).then(() => this.#refresh());
  }

  /** Rejects with the system's error when a port cannot be had, and then nothing is left open. Does not wait for the DHT. */
  static async open(options: DhtNodeOptions): Promise<DhtNode> {
    const { listen, bootstrapListen } = options;
    const bootstrapper = bootstrapListen && (await openBootstrapper(bootstrapListen));
    try {
      await probeUdpPorts([listen]);
    } catch (error) {
      await bootstrapper?.destroy({ force: true });
      throw error;
    }
    const node = new DhtNode(options, bootstrapper);
    await node.#dht.bind();
    return node;
  }

  get status(): DhtStatus {
    const { firewalled, nodes } = this.#dht;
    return { state: this.#health.state, isOpen: !firewalled, nodes: nodes.length };
  }

  /** The UDP port is the one others reach unless a router between maps it. */
  get address(): DhtAddress {
    const { host, port } = this.#options.listen;
    return { host, port: this.#dht.localAddress()?.port ?? port };
  }

  /** Everything worth keeping for the next start. */
  get known(): KnownNodes {
    const heard = this.#dht.toArray({ limit: MAX_KNOWN_NODES });
    return withNodes(this.#known, heard);
  }

  /** Accepts dials of a key and announces it until `close` of what is returned. */
  serve({ keyPair, doubt, onStream, onRefused }: ServeOptions): { close(): Promise<void> } {
    this.#dht.onDropped = (from) => onRefused(from, 'too many handshakes at once');
    const server = this.#dht.createServer({
      createSecretStream,
      firewall: (remotePublicKey, _payload, from) => {
        const reason = doubt(remotePublicKey);
        if (reason !== undefined) onRefused(from, reason);
        return reason !== undefined;
      },
    });
    server.on('connection', onStream);
    this.#servers.add(server);
    this.#announced = this.#listen(server, keyPair);
    return {
      close: () => {
        this.#servers.delete(server);
        this.#dht.onDropped = () => {};
        return settledWithin(server.close(), GOODBYE_MS, this.#options.timers);
      },
    };
  }

  async #listen(server: HyperDHT.DhtServer, keyPair: HyperDHT.DhtKeyPair): Promise<void> {
    await this.#tried;
    if (!this.#servers.has(server)) return;
    try {
      await server.listen(keyPair);
    } catch (error) {
      if (this.#closed !== undefined || !this.#servers.has(server)) return;
      const reason = error instanceof Error ? error.message : String(error);
      this.#options.onTrouble(`cannot accept links over the DHT: ${reason}`);
    }
  }

  /** Resolves when it was tried to announce the key that is served, whether anybody heard it or not. Never rejects. */
  announced(): Promise<void> {
    return this.#announced;
  }

  /** Begins to dial a key. The stream tells the rest: `connect`, or `error` and `close`. */
  connect(publicKey: Uint8Array, keyPair: HyperDHT.DhtKeyPair): SecretStream {
    const address = addressOfMember(this.#known, toHex(publicKey));
    return this.#dht.connect(Buffer.from(publicKey), {
      keyPair,
      createSecretStream,
      relayAddresses: address === undefined ? [] : [address],
    });
  }

  /** Notes where a member was reached: there it is found again without help of the DHT. */
  remember(publicKey: Uint8Array, { rawStream }: SecretStream): void {
    const { remoteHost: host, remotePort: port } = rawStream ?? {};
    if (typeof host !== 'string' || port === undefined) return;
    this.#known = withMember(this.#known, toHex(publicKey), { host, port });
  }

  /** Announces a key under a topic, and says who else is. Rejects when nobody took it. */
  async *announce(
    topic: Uint8Array,
    keyPair: HyperDHT.DhtKeyPair,
  ): AsyncGenerator<Uint8Array, void> {
    await this.#tried;
    const query = this.#dht.announce(Buffer.from(topic), keyPair, []);
    for await (const { peers } of query) {
      for (const { publicKey } of peers) yield publicKey;
    }
  }

  /** Takes the announcement back, where that is quick. Not waited for: `close` does, as far as it must. */
  unannounce(topic: Uint8Array, keyPair: HyperDHT.DhtKeyPair): void {
    const undone = this.#dht.unannounce(Buffer.from(topic), keyPair);
    this.#goodbyes.push(settledWithin(undone, GOODBYE_MS, this.#options.timers));
  }

  /** Calls back when the DHT answers after it did not. Returns how to end that. */
  onAwake(wake: () => void): () => void {
    this.#wakers.add(wake);
    return () => this.#wakers.delete(wake);
  }

  /** Asks around at once: the network changed. */
  nudge(): void {
    this.#refreshes = 0;
    void this.#refresh();
  }

  /** Ends everything within two seconds, also when nobody answers. Close what serves and announces before. Idempotent. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    this.#cancelRefresh?.();
    this.#known = this.known;
    await Promise.all(this.#goodbyes);
    // Without force it would wait for answers that do not come.
    await this.#dht.destroy({ force: true });
    await this.#bootstrapper?.destroy({ force: true });
  }

  async #refresh(): Promise<void> {
    const { bootstrap, onTrouble } = this.#options;
    if (this.#closed !== undefined) return;
    // First, so that nodes that are down do not slow the rhythm.
    this.#refreshLater();
    if (bootstrap !== 'public' && bootstrap.length > 0) {
      const { addresses, failures } = await resolveBootstrap(bootstrap);
      if (this.#closed !== undefined) return;
      for (const failure of failures) onTrouble(`no address for the bootstrap node ${failure}`);
      await this.#useBootstrap(addresses);
    }
    if (this.#dht.nodes.length === 0) await this.#tryKnown(TRIES_PER_REFRESH);
    const isAwake = this.#health.state === 'answering';
    if (!isAwake || this.#refreshes++ % PORT_TEST_REFRESHES < PORT_TESTS) {
      await settledWithin(this.#dht.testPort(), PORT_TEST_MS, this.#options.timers);
    }
    if (this.#closed !== undefined) return;
    this.#dht.refresh();
    this.#bootstrapper?.refresh();
    for (const server of this.#servers) server.refresh();
    this.#look();
  }

  #refreshLater(): void {
    const { timers, random } = this.#options;
    // Not all at the same moment.
    const delayMs = this.#refreshMs * (0.8 + 0.4 * random.fraction());
    this.#cancelRefresh?.();
    this.#cancelRefresh = timers.after(delayMs, () => void this.#refresh());
  }

  /**
   * Each query waits six seconds for a bootstrap node that is down, so those that answer are used alone. Names that cannot be
   * looked up now keep the addresses they had.
   */
  async #useBootstrap(addresses: readonly DhtAddress[]): Promise<void> {
    const { bootstrapListen } = this.#options;
    const answering = await this.#whoAnswers(addresses);
    if (this.#closed !== undefined || addresses.length === 0) return;
    const isSelf = ({ host, port }: DhtAddress): boolean =>
      host === bootstrapListen?.host && port === bootstrapListen.port;
    const used = answering.length > 0 ? answering : addresses;
    const others = used.filter((address) => !isSelf(address));
    this.#dht.bootstrapNodes =
      bootstrapListen === undefined ? others : [bootstrapListen, ...others];
    if (this.#bootstrapper !== undefined) this.#bootstrapper.bootstrapNodes = others;
  }

  /** Tries so many of the nodes known before, in turns; those that answer are in the routing table then. */
  async #tryKnown(count: number): Promise<void> {
    const { nodes } = this.#known;
    const turn = [...nodes.slice(this.#nextKnown), ...nodes.slice(0, this.#nextKnown)];
    this.#nextKnown = nodes.length === 0 ? 0 : (this.#nextKnown + count) % nodes.length;
    await this.#whoAnswers(turn.slice(0, count));
  }

  async #whoAnswers(addresses: readonly DhtAddress[]): Promise<DhtAddress[]> {
    const answers = await Promise.allSettled(
      addresses.map((address) => this.#dht.ping(address, { retry: false })),
    );
    return addresses.filter((_, i) => answers[i]?.status === 'fulfilled');
  }

  #look(): void {
    const before = this.#health.state;
    this.#health = lookAtHealth(this.#health, {
      answers: this.#dht.stats.requests.responses,
      nowMs: this.#options.clock.now().monotonicMs,
      silentAfterMs: SILENT_AFTER_REFRESHES * this.#refreshMs,
    });
    if (this.#health.state === before) return;
    this.#refreshes = 0;
    this.#options.onState(this.status);
    if (before === 'silent') for (const wake of [...this.#wakers]) wake();
  }
}

function ownBootstrap({ bootstrap, bootstrapListen }: DhtNodeOptions): DhtAddress[] {
  const given = bootstrap === 'public' ? [] : bootstrap;
  return bootstrapListen === undefined ? [...given] : [bootstrapListen, ...given];
}

const createSecretStream: HyperDHT.MakeStream = (isInitiator, rawStream, options) =>
  new SecretStream(isInitiator, rawStream, { ...options, enableSend: false });
