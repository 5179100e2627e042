// One UDP socket for multicast DNS on one interface: what comes in is judged before it is decoded, and nothing is thrown.
import { createSocket, type RemoteInfo } from 'node:dgram';
import multicastDns from 'multicast-dns';
import type { DecodedPacket } from './announcement/lan-heard.ts';
import type { LanPacket, LanRecord } from './announcement/lan-packet.ts';
import type { LanLine } from './network-interfaces.ts';

export const MULTICAST_PORT = 5353;
const GROUP_4 = '224.0.0.251';
const GROUP_6 = 'ff02::fb';
/** Larger packets are none of ours, and fit no Ethernet frame. */
const MAX_PACKET_BYTES = 1472;
/** Flag of a query that more known answers follow. */
const TRUNCATED = 0x200;
/** Flag of every response. */
const AUTHORITATIVE = 0x400;
/** Stands in every packet about this service, whether its names are compressed or not. */
const MARK = '\x09_holdfast';

export interface SocketHandlers {
  /** Whether a datagram that may concern us is to be decoded. */
  admits(source: string): boolean;
  onReady(): void;
  onPacket(packet: DecodedPacket, source: string): void;
  /** A datagram with our mark that is no DNS. */
  onMalformed(): void;
  /** It cannot be used any more: close it. May come more than once. */
  onFailed(reason: string): void;
}

export interface MulticastSocket {
  send(packet: LanPacket): void;
  /** Sends what is given, then closes. Never rejects. */
  close(last: LanPacket | undefined): Promise<void>;
}

export type OpenMulticastSocket = (line: LanLine, handlers: SocketHandlers) => MulticastSocket;

/** Begins to open it. Whether that works is told by the handlers, later. */
export const openMulticastSocket: OpenMulticastSocket = (line, handlers) => {
  const is4 = line.family === 4;
  const type = is4 ? 'udp4' : 'udp6';
  const socket = createSocket({ type, reuseAddr: true, ipv6Only: !is4 });
  const emit = socket.emit.bind(socket);
  // The library decodes whatever it hears; what is too long, unlike us or too much must not get so far.
  socket.emit = (event: string | symbol, ...args: unknown[]) => {
    if (event === 'message' && !isAdmitted(args, handlers)) return false;
    return emit(event, ...args);
  };
  const group = is4 ? GROUP_4 : GROUP_6;
  const dns = multicastDns({
    ...{ socket, type, port: MULTICAST_PORT, ip: group },
    // Bound to the group and not to a wildcard: what comes from beyond this network by unicast is not received.
    bind: is4 ? GROUP_4 : `${GROUP_6}%${line.name}`,
    interface: is4 ? (line.own[0]?.address ?? '') : `::%${line.name}`,
  });
  let hasJoined = false;
  let lastWarning = 'the group cannot be joined';
  dns
    .on('networkInterface', () => {
      hasJoined = true;
    })
    .on('ready', () => (hasJoined ? handlers.onReady() : handlers.onFailed(lastWarning)))
    .on('packet', (packet, { address }) => handlers.onPacket(packet, withoutScope(address)))
    .on('error', (error) => handlers.onFailed(error.message))
    .on('warning', (error) => {
      lastWarning = error.message;
      // Before it is ready it is the group that could not be joined.
      if ('syscall' in error) handlers.onFailed(error.message);
      else handlers.onMalformed();
    });
  const send = (packet: LanPacket, done: (error?: Error | null) => void): void => {
    try {
      dns.send(toMulticastPacket(packet), undefined, done);
    } catch (error) {
      done(error instanceof Error ? error : new Error(String(error)));
    }
  };
  return {
    send: (packet) =>
      send(packet, (error) => {
        if (error) handlers.onFailed(error.message);
      }),
    close: async (last) => {
      if (last !== undefined) await new Promise<void>((resolve) => send(last, () => resolve()));
      await new Promise<void>((resolve) => dns.destroy(resolve));
    },
  };
};

function isAdmitted(args: readonly unknown[], handlers: SocketHandlers): boolean {
  const [datagram, from] = args;
  if (!Buffer.isBuffer(datagram) || !isRemote(from)) return false;
  if (datagram.length > MAX_PACKET_BYTES || from.port !== MULTICAST_PORT) return false;
  return datagram.includes(MARK, 0, 'latin1') && handlers.admits(withoutScope(from.address));
}

function isRemote(value: unknown): value is RemoteInfo {
  return typeof value === 'object' && value !== null && 'address' in value && 'port' in value;
}

function withoutScope(address: string): string {
  return address.split('%')[0] ?? address;
}

function toMulticastPacket({ type, truncated, questions, answers, additionals }: LanPacket) {
  return {
    type,
    flags: truncated ? TRUNCATED : type === 'response' ? AUTHORITATIVE : 0,
    questions: questions.map((name) => ({ name, type: 'PTR' })),
    answers: answers.map(toMulticastRecord),
    additionals: additionals.map(toMulticastRecord),
  };
}

function toMulticastRecord(record: LanRecord) {
  return record.type === 'TXT'
    ? { ...record, data: record.data.map((text) => Buffer.from(text)) }
    : record;
}
