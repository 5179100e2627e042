// One command in detail: how it stands, its progress, its log as it is written, and why it is where it is.
import { type Command, CommandState } from '../gen/holdfast/v1/command_pb.ts';
import { progressOf, stateOf, targetOf } from './commands-view.ts';
import { type Child, el, show } from './dom.ts';
import { explanationView } from './explanation-view.ts';
import { countText, NOTHING } from './format.ts';
import { LogView } from './log-view.ts';
import { age, facts, heading, table } from './parts.ts';
import { RepeatedRead } from './repeated-read.ts';
import { bornOf } from './rows.ts';
import type { DetailView, ViewParts } from './view.ts';

const EVERY_MS = 1_000;
const TARGETS = 200;
const LOG = 'data-log';

export class CommandView implements DetailView {
  readonly title: string;
  readonly element = el('article', { 'aria-labelledby': 'detail-heading' });
  readonly #parts: ViewParts;
  readonly #id: string;
  readonly #agent: string;
  readonly #story;
  readonly #targets;
  #log: LogView | undefined;

  /** `agent` is empty for a command to many as a whole. */
  constructor(parts: ViewParts, id: string, agent: string) {
    const { api, environment, onChange } = parts;
    this.#parts = parts;
    this.#id = id;
    this.#agent = agent;
    this.title = `command ${id.slice(0, 6)}`;
    this.#story = new RepeatedRead(
      environment,
      EVERY_MS,
      () => api.explain.explainCommand({ id, agent }),
      onChange,
    );
    this.#targets = new RepeatedRead(
      environment,
      EVERY_MS,
      () => api.commands.listTargets({ id, pageSize: TARGETS }),
      onChange,
    );
  }

  show(): void {
    const command = this.#story.answer?.command;
    show(
      this.element,
      heading('detail-heading', command === undefined ? 'Command' : command.kind),
      command === undefined
        ? el('p', { class: 'empty' }, this.#story.why || 'Reading…')
        : this.#all(command),
    );
    // The log is put where it belongs once, and looks after itself: moving it would lose where somebody reads.
    const place = this.element.querySelector(`[${LOG}]`);
    if (this.#log !== undefined && place?.firstChild === null) place.append(this.#log.element);
  }

  tick(): void {
    this.#story.tick();
    if (this.#story.answer?.command?.rollUp !== undefined) this.#targets.tick();
  }

  stop(): void {
    this.#log?.stop();
  }

  #all(command: Command): Child {
    const nowMs = this.#parts.environment.nowMs();
    const { id, args, result, message, withheld, requestedBy, attempt, rollUp } = command;
    return [
      facts([
        ['Id', el('code', {}, id)],
        ['For', targetOf(command)],
        ['State', stateOf(command)],
        ['Progress', progressOf(command)],
        ['Says', withheld || message || NOTHING],
        ['As of', [age(bornOf(command.freshness, this.#story.atMs), nowMs), ' ago']],
        ['Asked by', requestedBy],
        ...(attempt > 1 ? [['Attempt', `${attempt} of ${command.maxAttempts}`] as const] : []),
        ...(rollUp === undefined
          ? []
          : [['Reached', `${rollUp.reached} of ${countText(rollUp.targets, 'agent')}`] as const]),
      ]),
      el('h3', {}, 'Why it is where it is'),
      explanationView(this.#story.answer?.explanation),
      rollUp === undefined ? this.#logView(command) : this.#targetsView(nowMs),
      args !== undefined && jsonView('Arguments', args),
      result !== undefined && jsonView('Result', result),
    ];
  }

  #logView({ state }: Command): Child {
    if (state === CommandState.PENDING && this.#log === undefined) return undefined;
    const { api, environment } = this.#parts;
    this.#log ??= new LogView(api, environment, this.#id, this.#agent);
    return [el('h3', {}, 'Log'), el('div', { [LOG]: true, 'data-own': true })];
  }

  #targetsView(nowMs: number): Child {
    const rows = this.#targets.answer?.commands ?? [];
    if (rows.length === 0) return undefined;
    return [
      el('h3', {}, 'At each agent'),
      el(
        'div',
        { class: 'table-scroll' },
        table(
          'The command at each agent',
          [
            {
              title: 'Agent',
              cell: ({ id, agent }) =>
                el('a', { href: `#/commands/${id}/${encodeURIComponent(agent)}` }, agent),
            },
            { title: 'State', cell: stateOf },
            { title: 'Progress', isWide: true, cell: progressOf },
            {
              title: 'As of',
              cell: ({ freshness }) => [age(bornOf(freshness, this.#targets.atMs), nowMs), ' ago'],
            },
          ],
          rows.map((row) => [row.agent, row] as const),
        ),
      ),
    ];
  }
}

function jsonView(title: string, value: object): Child {
  return [el('h3', {}, title), el('pre', {}, JSON.stringify(value, undefined, 2))];
}
