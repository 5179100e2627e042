// A LAN in memory: every packet reaches everybody after a millisecond, its bytes are counted, and time is moved by hand.

import { TokenBucket } from '../../../src/core/values/token-bucket.ts';
import type { DecodedPacket } from '../../../src/mesh/discovery/announcement/lan-heard.ts';
import {
  type LanPacket,
  type LanRecord,
  packetBytes,
} from '../../../src/mesh/discovery/announcement/lan-packet.ts';
import {
  announcementKey,
  INSTANCE_TAG_BYTES,
} from '../../../src/mesh/discovery/announcement/sealed-identity.ts';
import { type HeardMember, Speaker } from '../../../src/mesh/discovery/announcement/speaker.ts';
import { sodiumCrypto, sodiumSecretBox } from '../../../src/sidecar/sodium-crypto.ts';
import { createSeededRandom, ManualClock } from '../../../src/testing/index.ts';

const DELAY_MS = 1;
const DECRYPTIONS_PER_SECOND = 200;

export interface Station {
  readonly nodeId: string;
  readonly address: string;
  readonly speaker: Speaker;
  /** Every member that was found, each time it was offered. */
  readonly found: HeardMember[];
  readonly leave: () => void;
}

export interface Sent {
  readonly atMs: number;
  readonly from: string;
  readonly packet: LanPacket;
}

export class LanBus {
  readonly clock = new ManualClock();
  readonly sent: Sent[] = [];
  readonly #stations = new Set<Station & { arm(): void }>();
  #joined = 0;

  /** A sidecar of a fleet, which starts to speak now. `announces: false` for one that only looks. */
  join(fleet = 'fleet', announces = true): Station {
    const number = ++this.#joined;
    const random = createSeededRandom(`station ${number}`);
    const address = `10.0.${number >> 8}.${number & 255}`;
    const nodeId = Buffer.from(sodiumCrypto.blake2b(Buffer.from(`node ${number}`))).toString('hex');
    const nowMs = this.#nowMs;
    const speaker = new Speaker(
      {
        ...{ random, box: sodiumSecretBox },
        key: announcementKey(sodiumCrypto.blake2b(Buffer.from(fleet)), sodiumCrypto),
        identity: { nodeId, port: 7677, instanceTag: random.bytes(INSTANCE_TAG_BYTES) },
        addresses: announces ? [address] : [],
        budget: new TokenBucket(
          { perSecond: DECRYPTIONS_PER_SECOND, atOnce: DECRYPTIONS_PER_SECOND },
          nowMs,
        ),
      },
      nowMs,
    );
    let cancel = (): void => {};
    const arm = (): void => {
      cancel();
      cancel = this.clock.after(speaker.nextMs - this.#nowMs, () => {
        for (const packet of speaker.due(this.#nowMs)) this.send(address, packet);
        arm();
      });
    };
    const station = {
      ...{ nodeId, address, speaker, arm, found: [] },
      leave: () => {
        cancel();
        this.#stations.delete(station);
      },
    };
    this.#stations.add(station);
    arm();
    return station;
  }

  send(from: string, packet: LanPacket): void {
    this.sent.push({ atMs: this.#nowMs, from, packet });
    this.clock.after(DELAY_MS, () => this.inject(from, toDecoded(packet)));
  }

  /** Everybody hears something, whoever said it. */
  inject(from: string, packet: DecodedPacket): void {
    for (const { speaker, found, arm } of [...this.#stations]) {
      found.push(...speaker.hear(packet, from, this.#nowMs));
      arm();
    }
  }

  /** UDP payload that was sent since then. */
  bytesSince(fromMs: number): number {
    return this.sent
      .filter(({ atMs }) => atMs >= fromMs)
      .reduce((sum, { packet }) => sum + packetBytes(packet), 0);
  }

  get #nowMs(): number {
    return this.clock.now().monotonicMs;
  }
}

/** A packet as the DNS library hands it over. */
export function toDecoded({ type, truncated, questions, answers, additionals }: LanPacket) {
  return {
    ...{ type, flag_tc: truncated },
    questions: questions.map((name) => ({ name, type: 'PTR', class: 'IN' })),
    answers: answers.map(toDecodedRecord),
    additionals: additionals.map(toDecodedRecord),
  };
}

function toDecodedRecord(record: LanRecord) {
  return record.type === 'TXT'
    ? { ...record, data: record.data.map((text) => Buffer.from(text)) }
    : record;
}
