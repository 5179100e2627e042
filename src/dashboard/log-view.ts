// The log of a command, followed: lines as they come, and said plainly where some are not there.
import { timestampDate } from '@bufbuild/protobuf/wkt';
import {
  type CommandLogEntry,
  CommandLogGapReason,
  CommandLogStream,
} from '../gen/holdfast/v1/command_log_pb.ts';
import { type Api, failureOf } from './api.ts';
import { el } from './dom.ts';
import type { Environment } from './environment.ts';
import { countText } from './format.ts';

/** Older lines leave the page; `holdfast cmd logs` shows all. */
const MAX_LINES = 2_000;
/** Of a log that is long already, so many are shown at first. */
const FIRST_LINES = 500;
const RETRY_MS = 2_000;
/** How near to the end somebody has to be to be taken along, in pixels. */
const NEAR_END = 30;

const GAP: Readonly<Record<CommandLogGapReason, string>> = {
  [CommandLogGapReason.UNSPECIFIED]: 'were lost',
  [CommandLogGapReason.LOST]: 'were lost',
  [CommandLogGapReason.LIMIT]: 'were left out: the log was full',
  [CommandLogGapReason.RATE]: 'were left out: they came too fast',
  [CommandLogGapReason.MISSING]: 'are not here yet',
};

export class LogView {
  readonly element: HTMLElement;
  readonly #api: Api;
  readonly #environment: Environment;
  readonly #abort = new AbortController();
  readonly #state = el('p', { class: 'more' }, 'Reading the log…');
  readonly #lines = el('div', { class: 'log', role: 'log', 'aria-live': 'off', tabindex: 0 });
  #waiting: HTMLElement[] = [];

  /** Follows until `stop`. `agent` may be empty for a command for one agent. */
  constructor(api: Api, environment: Environment, id: string, agent: string) {
    this.#api = api;
    this.#environment = environment;
    this.#lines.setAttribute('aria-label', 'Log');
    this.element = el('div', {}, this.#state, this.#lines);
    void this.#follow(id, agent);
  }

  stop(): void {
    this.#abort.abort();
  }

  async #follow(id: string, agent: string): Promise<void> {
    const { signal } = this.#abort;
    let at = { attempt: 0, fromSeq: 0n, last: FIRST_LINES, onwards: false };
    while (!signal.aborted) {
      try {
        for await (const piece of this.#api.logs.followLog({ id, agent, ...at }, { signal })) {
          if (piece.attempt > 0) {
            if (piece.attempt !== at.attempt && piece.attempt > 1)
              this.#add(el('div', { class: 'gap' }, `attempt ${piece.attempt}`));
            at = { attempt: piece.attempt, fromSeq: piece.nextSeq, last: 0, onwards: true };
          }
          for (const entry of piece.entries) this.#add(lineOf(entry));
          this.#state.textContent = piece.complete ? 'The log is complete.' : 'Following.';
        }
        if (this.#lines.childElementCount === 0 && this.#waiting.length === 0)
          this.#state.textContent = 'There is no log.';
        return;
      } catch (error) {
        if (signal.aborted) return;
        const failure = failureOf(error);
        if (failure.kind !== 'away') {
          this.#state.textContent = failure.kind === 'missing' ? 'There is no log.' : failure.why;
          return;
        }
        this.#state.textContent = 'The log broke off; it goes on when the sidecar answers.';
        await new Promise<void>((resolve) => this.#environment.after(RETRY_MS, resolve));
      }
    }
  }

  /** Lines of one frame are put on the page at once. */
  #add(line: HTMLElement): void {
    this.#waiting.push(line);
    if (this.#waiting.length > 1) return;
    this.#environment.beforeFrame(() => {
      const { scrollTop, clientHeight, scrollHeight } = this.#lines;
      const isAtEnd = scrollTop + clientHeight > scrollHeight - NEAR_END;
      this.#lines.append(...this.#waiting.slice(-MAX_LINES));
      this.#waiting = [];
      while (this.#lines.childElementCount > MAX_LINES) this.#lines.firstElementChild?.remove();
      if (isAtEnd) this.#lines.scrollTop = this.#lines.scrollHeight;
    });
  }
}

function lineOf({ entry }: CommandLogEntry): HTMLElement {
  switch (entry.case) {
    case 'line': {
      const { stream, time, text } = entry.value;
      const at = time === undefined ? '' : timestampDate(time).toLocaleTimeString('en-GB');
      const isError = stream === CommandLogStream.STDERR;
      return el(
        'div',
        { class: isError ? 'stderr' : undefined },
        el('span', { class: 'at' }, at),
        isError && el('span', { class: 'unseen' }, ' error:'),
        ` ${text}`,
      );
    }
    case 'gap': {
      const { count, reason } = entry.value;
      return el('div', { class: 'gap' }, `${countText(Number(count), 'line')} ${GAP[reason]}`);
    }
    default:
      return el('div');
  }
}
