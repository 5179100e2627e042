// What we use of @hyperswarm/secret-stream; the package brings no types. It is a streamx Duplex in which one write is one message.
declare module '@hyperswarm/secret-stream' {
  import type { Duplex } from 'node:stream';

  interface SecretStreamOptions {
    readonly pattern: 'XX';
    readonly keyPair: { readonly publicKey: Uint8Array; readonly secretKey: Uint8Array };
    /** Sets up unordered messages, which only UDP has. */
    readonly enableSend: boolean;
  }

  /** Of a stream whose handshake is done beside it; how, is between its maker and the library. */
  interface KeyedStreamOptions {
    readonly enableSend: boolean;
  }

  interface SecretStreamEvents {
    /** The Noise handshake is done: `remotePublicKey` and `handshakeHash` are set. */
    connect: () => void;
    data: (message: Uint8Array) => void;
    /** The other end has sent its last message. */
    end: () => void;
    drain: () => void;
    error: (error: Error) => void;
    /** The last event, always. */
    close: () => void;
  }

  class SecretStream {
    constructor(isInitiator: boolean, rawStream: Duplex, options: SecretStreamOptions);
    constructor(isInitiator: boolean, rawStream: Duplex | null, options: KeyedStreamOptions);
    readonly remotePublicKey: Uint8Array | null;
    readonly handshakeHash: Uint8Array | null;
    /** The stream beneath; null until there is one. One of the DHT knows its address, as soon as it is connected. */
    readonly rawStream:
      | (Duplex & { readonly remoteHost?: string | null; readonly remotePort?: number })
      | null;
    /** Bytes of the messages given to the stream beneath, lengths included, the handshake not. */
    readonly rawBytesWritten: number;
    on<Name extends keyof SecretStreamEvents>(name: Name, listener: SecretStreamEvents[Name]): this;
    off<Name extends keyof SecretStreamEvents>(
      name: Name,
      listener: SecretStreamEvents[Name],
    ): this;
    /** False when the buffer is full; the message was taken. */
    write(message: Uint8Array): boolean;
    /** Sends what was written, then the end. */
    end(): void;
    /** Lets data flow, or drop when nobody listens. */
    resume(): void;
    destroy(error?: Error): void;
  }

  export = SecretStream;
}
