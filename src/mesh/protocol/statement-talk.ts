// Statements of trust on one link: both sides say which they hold where their digests differ, and send what the other lacks. What comes
// later is passed on at once, before everything else.
//
//   digest ⇄ digest ─ equal ► nothing
//                   ─ otherwise ► holdings ⇄ holdings ► statements ⇄ statements

import { bytesEqual, EMPTY, type Statement, type StatementId } from '../../core/index.ts';
import { MAX_FRAME_IDS, MAX_FRAME_STATEMENTS, SHORT_ID_BYTES } from './frame-values.ts';

const SHORT_ID_DIGITS = 2 * SHORT_ID_BYTES;
/** Ids a peer may name: all that anybody keeps of members, and as many again of root keys. */
const MAX_IDS = 32_768;
/** Bytes of statements in one frame, but for the last of it. */
const FRAME_TARGET_BYTES = 32 * 1024;
/** Frames of statements that may wait to be verified. */
const MAX_WAITING_FRAMES = 1024;

export interface StatementTalkParts {
  /** All that are held, in an order in which they can be taken in. */
  statements(): readonly Statement[];
  sendIds(shortIds: readonly string[], last: boolean): void;
  sendStatements(statements: readonly Uint8Array[]): void;
  /** One frame after the other: `verified` is called for each. */
  verify(statements: readonly Uint8Array[]): void;
  breach(what: string): void;
}

export class StatementTalk {
  readonly #parts: StatementTalkParts;
  /** Short ids of what the peer holds, or was sent. */
  readonly #theirs = new Set<string>();
  readonly #waiting: (readonly Uint8Array[])[] = [];
  #named = 0;
  #isNamed = false;
  #isBusy = false;
  #isMute = false;

  constructor(parts: StatementTalkParts) {
    this.#parts = parts;
  }

  /** The digests of both sides are known. */
  compare(ours: Uint8Array = EMPTY, theirs: Uint8Array = EMPTY): void {
    if (bytesEqual(ours, theirs)) {
      this.#isNamed = true;
      for (const { id } of this.#parts.statements()) this.#theirs.add(shortIdOf(id));
      return;
    }
    const ids = this.#parts.statements().map(({ id }) => shortIdOf(id));
    for (let at = 0; at === 0 || at < ids.length; at += MAX_FRAME_IDS) {
      const next = at + MAX_FRAME_IDS;
      this.#parts.sendIds(ids.slice(at, next), next >= ids.length);
    }
  }

  /** The peer says what it holds. */
  heardIds(shortIds: readonly string[], last: boolean): void {
    if (this.#isNamed) return this.#parts.breach('statements named twice');
    this.#named += shortIds.length;
    if (this.#named > MAX_IDS) return this.#parts.breach('more statements than anybody keeps');
    for (const id of shortIds) this.#theirs.add(id);
    if (!last) return;
    this.#isNamed = true;
    this.tell();
  }

  /** Sends what the peer is not known to hold, once that is known. To be called when statements came in. */
  tell(): void {
    if (!this.#isNamed || this.#isMute) return;
    let frame: Uint8Array[] = [];
    let bytes = 0;
    const flush = (): void => {
      if (frame.length > 0) this.#parts.sendStatements(frame);
      frame = [];
      bytes = 0;
    };
    for (const statement of this.#parts.statements()) {
      const id = shortIdOf(statement.id);
      if (this.#theirs.has(id)) continue;
      this.#theirs.add(id);
      frame.push(statement.bytes);
      bytes += statement.bytes.length;
      if (frame.length >= MAX_FRAME_STATEMENTS || bytes >= FRAME_TARGET_BYTES) flush();
    }
    flush();
  }

  /** While mute nothing is told; what was to be told is told afterwards. */
  mute(on: boolean): void {
    this.#isMute = on;
    if (!on) this.tell();
  }

  /** Statements came. */
  heard(statements: readonly Uint8Array[]): void {
    if (!this.#isBusy) {
      this.#isBusy = true;
      this.#parts.verify(statements);
    } else if (this.#waiting.push(statements) > MAX_WAITING_FRAMES) {
      this.#parts.breach('more statements than anybody keeps');
    }
  }

  /** Those that came first were looked at. `held`: the peer holds them, so they are not sent back. `fault`: what no honest peer sends. */
  verified(held: readonly StatementId[], fault: string | undefined): void {
    for (const id of held) this.#theirs.add(shortIdOf(id));
    if (fault !== undefined) return this.#parts.breach(fault);
    const next = this.#waiting.shift();
    this.#isBusy = next !== undefined;
    if (next !== undefined) this.#parts.verify(next);
  }
}

function shortIdOf(id: StatementId): string {
  return id.slice(0, SHORT_ID_DIGITS);
}
