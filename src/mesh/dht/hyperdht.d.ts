// What we use of hyperdht; the package brings no types.
declare module 'hyperdht' {
  import type { Duplex } from 'node:stream';
  import type SecretStream from '@hyperswarm/secret-stream';

  interface DhtAddress {
    readonly host: string;
    readonly port: number;
  }

  interface DhtKeyPair {
    readonly publicKey: Uint8Array;
    readonly secretKey: Uint8Array;
  }

  interface DhtOptions {
    /** Nodes to ask first; names are looked up at each query. Texts are the library's own. */
    readonly bootstrap: readonly (DhtAddress | string)[];
    /** Address to bind, IPv4. */
    readonly host: string;
    /** One port, or a range of them that excludes its end; an empty range takes any. */
    readonly port: number | readonly [number, number];
    /** Whether another port is taken when none of those is free. */
    readonly anyPort: boolean;
    /** True: asks the DHT and stores nothing for it. */
    readonly ephemeral: boolean;
    /** Milliseconds between empty messages on a connection, or false. */
    readonly connectionKeepAlive: false;
    /** Records of others that are kept. */
    readonly maxSize?: number;
  }

  interface DhtRequest {
    /** 0 asks for a handshake. */
    readonly command: number;
    readonly from: DhtAddress;
  }

  interface DhtPeer {
    readonly publicKey: Uint8Array;
    readonly relayAddresses: readonly DhtAddress[];
  }

  /** A query: what answers, one at a time. */
  interface DhtQuery<Answer> extends AsyncIterable<Answer> {
    destroy(error?: Error): void;
  }

  type MakeStream = (
    isInitiator: boolean,
    rawStream: Duplex | null,
    options: { readonly enableSend: boolean },
  ) => SecretStream;

  interface DhtServer {
    /** Addresses of the nodes that keep our announcement, and our own where it is open. */
    readonly relayAddresses: readonly DhtAddress[];
    on(name: 'connection', listener: (stream: SecretStream) => void): this;
    /** Announces the key until `close`. Resolves after the first attempt, whether anybody took it or not. */
    listen(keyPair: DhtKeyPair): Promise<this>;
    /** Announces again soon. */
    refresh(): void;
    close(): Promise<void>;
  }

  class HyperDHT {
    constructor(options: DhtOptions);
    /** The public nodes. */
    static readonly BOOTSTRAP: readonly string[];
    /** A node that others begin with: it is there at once, under this address, and stores for them. */
    static bootstrapper(port: number, host: string, options: Partial<DhtOptions>): HyperDHT;
    bootstrapNodes: readonly (DhtAddress | string)[];
    /** Whether strangers cannot reach our port. */
    readonly firewalled: boolean;
    readonly nodes: { readonly length: number };
    /** Counters since the start; a request that got no answer is a time-out. */
    readonly stats: { readonly requests: { readonly responses: number } };
    /** Our port is bound when it resolves; rejects with the system's error. */
    bind(): Promise<void>;
    /** An address of this machine, and the port at which it is dialled; null before it is bound. */
    localAddress(): DhtAddress | null;
    /**
     * Asks nodes of the routing table whether they reach our port, unless it counts as open, and notes it: with true that alone.
     * False when it is still closed, or when no node has told our address yet. Never rejects. Of dht-rpc, and not part of its API.
     */
    protected _updateNetworkState(onlyFirewall: true): Promise<boolean>;
    /** Called for each request; false when it is none of ours. */
    onrequest(request: DhtRequest): boolean;
    createServer(options: {
      /** Called when the dialler's key is known, before anything is set up for it; true refuses it. */
      readonly firewall: (
        remotePublicKey: Uint8Array,
        payload: unknown,
        clientAddress: DhtAddress,
      ) => boolean;
      readonly createSecretStream: MakeStream;
    }): DhtServer;
    connect(
      publicKey: Uint8Array,
      options: {
        readonly keyPair: DhtKeyPair;
        readonly createSecretStream: MakeStream;
        /** Where to ask for the handshake first. */
        readonly relayAddresses: readonly DhtAddress[];
      },
    ): SecretStream;
    announce(
      target: Uint8Array,
      keyPair: DhtKeyPair,
      relayAddresses: readonly DhtAddress[],
    ): DhtQuery<{ readonly peers: readonly DhtPeer[] }>;
    unannounce(target: Uint8Array, keyPair: DhtKeyPair): Promise<void>;
    /** The nodes in the routing table, those heard of last first. */
    toArray(options: { readonly limit: number }): DhtAddress[];
    /** Rejects when nobody answers; without retries after a second. */
    ping(address: DhtAddress, options: { readonly retry: false }): Promise<unknown>;
    /** Asks around, so that the routing table stays fresh. */
    refresh(): void;
    destroy(options?: { readonly force: boolean }): Promise<void>;
  }

  namespace HyperDHT {
    export type { DhtAddress, DhtKeyPair, DhtOptions, DhtQuery, DhtRequest, DhtServer, MakeStream };
  }

  export = HyperDHT;
}
