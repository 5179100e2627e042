// Discovery on one interface and family of addresses: a speaker, its socket and its timer, opened again for ever when it fails.
import type { Clock, Timers } from '../../core/index.ts';
import { PacketGate } from './announcement/packet-gate.ts';
import {
  type HeardMember,
  Speaker,
  type SpeakerCounters,
  type SpeakerParts,
} from './announcement/speaker.ts';

import type { MulticastSocket, OpenMulticastSocket } from './multicast-socket.ts';
import { createNeighbourhood, dialledHost, type LanLine } from './network-interfaces.ts';

const FIRST_RETRY_MS = 1000;
const LONGEST_RETRY_MS = 300_000;
/** A new IPv6 address cannot be used for a second or two; that is no trouble yet. */
const FAILURES_TO_TELL = 3;
/** Addresses of one announcement that are offered. */
const MAX_OFFERED = 4;

export interface LineParts {
  readonly line: LanLine;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly speaker: Omit<SpeakerParts, 'addresses'>;
  readonly openSocket: OpenMulticastSocket;
  onFound(member: HeardMember, hosts: readonly string[]): void;
  onTrouble(reason: string): void;
}

export interface LineReport extends Readonly<SpeakerCounters> {
  readonly interface: string;
  readonly family: 4 | 6;
  readonly state: 'open' | 'opening' | 'failed' | 'closed';
  /** Members that were heard within the last two minutes or so. */
  readonly members: number;
  /** Datagrams that came faster than they are decoded, or from elsewhere. */
  readonly dropped: number;
  readonly malformed: number;
  readonly failures: number;
}

export class MulticastLine {
  readonly #parts: LineParts;
  readonly #isNear: (address: string) => boolean;
  readonly #gate: PacketGate;
  #speaker: Speaker;
  #socket: MulticastSocket | undefined;
  #state: LineReport['state'] = 'opening';
  /** Which socket speaks: one that was given up may still call back. */
  #generation = 0;
  #cancel: () => void = () => {};
  #failuresInARow = 0;
  #failures = 0;
  #dropped = 0;
  #malformed = 0;

  constructor(parts: LineParts) {
    this.#parts = parts;
    this.#isNear = createNeighbourhood(parts.line);
    this.#gate = new PacketGate(this.#nowMs);
    this.#speaker = this.#newSpeaker();
    this.#open();
  }

  report(): LineReport {
    const { name, family } = this.#parts.line;
    return {
      ...{ interface: name, family, state: this.#state, members: this.#speaker.members },
      ...{ dropped: this.#dropped, malformed: this.#malformed, failures: this.#failures },
      ...this.#speaker.counters,
    };
  }

  nudge(): void {
    if (this.#state === 'open') {
      this.#speaker.nudge(this.#nowMs);
      this.#arm();
    } else if (this.#state === 'failed') {
      this.#open();
    }
  }

  /** Says goodbye where it can, and stops. */
  async close(): Promise<void> {
    const last = this.#state === 'open' ? this.#speaker.goodbye() : undefined;
    this.#state = 'closed';
    this.#cancel();
    await this.#socket?.close(last);
  }

  get #nowMs(): number {
    return this.#parts.clock.now().monotonicMs;
  }

  #open(): void {
    this.#cancel();
    this.#state = 'opening';
    const generation = ++this.#generation;
    const isCurrent = (): boolean => this.#generation === generation && this.#state !== 'closed';
    const handlers = {
      admits: (source: string) => isCurrent() && this.#admits(source),
      onReady: () => {
        if (isCurrent()) this.#begin();
      },
      onPacket: (packet: object, source: string) => {
        if (isCurrent() && this.#state === 'open') this.#take(packet, source);
      },
      onMalformed: () => {
        this.#malformed++;
      },
      onFailed: (reason: string) => {
        if (isCurrent() && this.#state !== 'failed') this.#failed(reason);
      },
    };
    this.#socket = undefined;
    try {
      this.#socket = this.#parts.openSocket(this.#parts.line, handlers);
    } catch (error) {
      this.#failed(error instanceof Error ? error.message : String(error));
    }
  }

  /** A line that opens anew has missed everything: it starts as at first. */
  #begin(): void {
    this.#state = 'open';
    this.#speaker = this.#newSpeaker();
    this.#speak();
  }

  #newSpeaker(): Speaker {
    const { speaker, line } = this.#parts;
    return new Speaker({ ...speaker, addresses: line.announced }, this.#nowMs);
  }

  #speak(): void {
    for (const packet of this.#speaker.due(this.#nowMs)) this.#socket?.send(packet);
    this.#arm();
  }

  #arm(): void {
    this.#cancel();
    const waitMs = Math.max(0, this.#speaker.nextMs - this.#nowMs);
    this.#cancel = this.#parts.timers.after(waitMs, () => this.#speak());
  }

  /** Every socket of a group hears all interfaces; and what comes too fast waits for nobody. */
  #admits(source: string): boolean {
    const admitted = this.#isNear(source) && this.#gate.admits(source, this.#nowMs);
    if (!admitted) this.#dropped++;
    return admitted;
  }

  #take(packet: object, source: string): void {
    const { line, onFound } = this.#parts;
    // What was sent worked: the interface carries multicast.
    this.#failuresInARow = 0;
    for (const member of this.#speaker.hear(packet, source, this.#nowMs)) {
      const near = member.addresses.filter((address) => this.#isNear(address));
      const addresses = near.length === 0 ? [source] : near.slice(0, MAX_OFFERED);
      onFound(
        member,
        addresses.map((address) => dialledHost(line, address)),
      );
    }
    this.#arm();
  }

  #failed(reason: string): void {
    this.#state = 'failed';
    this.#failures++;
    this.#failuresInARow++;
    this.#cancel();
    void this.#socket?.close(undefined);
    const { line, timers, onTrouble, speaker } = this.#parts;
    if (this.#failuresInARow === FAILURES_TO_TELL) {
      onTrouble(`no multicast over IPv${line.family} on ${line.name}: ${reason}`);
    }
    const waitMs = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** (this.#failuresInARow - 1));
    const jittered = waitMs * (0.75 + 0.5 * speaker.random.fraction());
    this.#cancel = timers.after(jittered, () => this.#open());
  }
}
