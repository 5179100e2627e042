// What we use of multicast-dns; the package brings no types.
declare module 'multicast-dns' {
  import type { RemoteInfo, Socket } from 'node:dgram';

  interface MulticastOptions {
    readonly socket: Socket;
    readonly type: 'udp4' | 'udp6';
    readonly port: number;
    /** The group. */
    readonly ip: string;
    /** Address the socket is bound to. */
    readonly bind: string;
    /** By which the group is joined and sent to. */
    readonly interface: string;
  }

  interface MulticastEvents {
    /** The socket is bound. */
    ready: () => void;
    /** The group was joined. */
    networkInterface: () => void;
    /** As decoded; nothing in it is checked. */
    packet: (packet: object, from: RemoteInfo) => void;
    /** The socket cannot be used. May come more than once. */
    error: (error: Error) => void;
    /** A packet could not be decoded, the group not be joined, or the socket failed in another way. */
    warning: (error: Error) => void;
  }

  interface MulticastRecord {
    readonly name: string;
    readonly type: string;
    readonly ttl: number;
    readonly flush: boolean;
    readonly data: unknown;
  }

  interface MulticastPacket {
    readonly type: 'query' | 'response';
    readonly flags: number;
    readonly questions: readonly { readonly name: string; readonly type: string }[];
    readonly answers: readonly MulticastRecord[];
    readonly additionals: readonly MulticastRecord[];
  }

  interface MulticastDns {
    on<Name extends keyof MulticastEvents>(name: Name, listener: MulticastEvents[Name]): this;
    /** Calls back without an error when it was destroyed before. */
    send(packet: MulticastPacket, to: undefined, done: (error?: Error | null) => void): void;
    destroy(done?: () => void): void;
  }

  function multicastDns(options: MulticastOptions): MulticastDns;
  export = multicastDns;
}
