// One agent in detail: presence and what it rests on, its host over the last hour, what runs there, deployments, commands.
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { commandsView } from './commands-view.ts';
import { type Child, el, show } from './dom.ts';
import { explanationView } from './explanation-view.ts';
import { bytesText, NOTHING, percentText, shortId, spanText } from './format.ts';
import type { AgentRow, DeploymentRow } from './model.ts';
import { age, badge, facts, heading, table } from './parts.ts';
import { plotsView } from './plots-view.ts';
import { RepeatedRead } from './repeated-read.ts';
import { listOf, numberOf, objectOf, textOf } from './rows.ts';
import type { DetailView, ViewParts } from './view.ts';
import { pathWord, presenceTone, presenceWord, reasonLong } from './words.ts';

const HOUR_MS = 60 * 60 * 1000;
const HISTORY_MS = 10_000;
const COMMANDS_MS = 2_000;
const STORY_MS = 5_000;
const MAX_POINTS = 240;
const MAX_COMMANDS = 20;

export class AgentView implements DetailView {
  readonly title: string;
  readonly element = el('article', { 'aria-labelledby': 'detail-heading' });
  readonly #parts: ViewParts;
  readonly #agent: string;
  readonly #history;
  readonly #commands;
  readonly #story;

  constructor(parts: ViewParts, agent: string) {
    const { api, environment, onChange } = parts;
    this.title = agent;
    this.#parts = parts;
    this.#agent = agent;
    this.#history = new RepeatedRead(
      environment,
      HISTORY_MS,
      () => {
        const from = timestampFromMs(Math.round(environment.wallMs() - HOUR_MS));
        return api.telemetry.history({ agent, from, maxPoints: MAX_POINTS });
      },
      onChange,
    );
    this.#commands = new RepeatedRead(
      environment,
      COMMANDS_MS,
      () => api.commands.list({ agent, pageSize: MAX_COMMANDS }),
      onChange,
    );
    this.#story = new RepeatedRead(
      environment,
      STORY_MS,
      () => api.explain.explainDocument({ collection: 'platforms', id: agent }),
      onChange,
    );
  }

  show(): void {
    const { model } = this.#parts;
    const row = model.agents.get(this.#agent);
    show(
      this.element,
      heading('detail-heading', this.#agent),
      row === undefined ? this.#missing() : this.#all(row),
    );
  }

  tick(): void {
    this.#history.tick();
    this.#commands.tick();
    if (this.element.querySelector('details.explain[open]') !== null) this.#story.tick();
  }

  stop(): void {}

  #missing(): Child {
    const isKnown = this.#parts.model.link.kind === 'live';
    return el('p', {}, isKnown ? 'No agent of that name is known here.' : 'Nothing came yet.');
  }

  #all(row: AgentRow): Child {
    const { environment, model } = this.#parts;
    const nowMs = environment.nowMs();
    const history = this.#history.answer;
    const deployments = [...model.deployments].filter(([, { agent }]) => agent === row.agent);
    const commands = this.#commands.answer;
    return [
      this.#facts(row, nowMs),
      el('h3', {}, 'Its host, the last hour'),
      history === undefined
        ? el('p', { class: 'empty' }, this.#history.why || 'Reading…')
        : plotsView(history, environment.wallMs()),
      workloadsView(row),
      el('h3', {}, 'Deployments'),
      deploymentsView(deployments, nowMs),
      el('h3', {}, 'Commands'),
      commandsView(commands?.commands ?? [], this.#commands.atMs, nowMs),
      el(
        'details',
        { class: 'explain' },
        el('summary', {}, 'Where its last heartbeat is'),
        explanationView(this.#story.answer?.explanation),
      ),
    ];
  }

  #facts(row: AgentRow, nowMs: number): HTMLElement {
    const names = this.#parts.names();
    const { presence, reason } = row;
    const labels = Object.entries(row.labels).map(([key, value]) =>
      el('span', { class: 'tag' }, `${key}=${value}`),
    );
    const versions = Object.entries(row.versions).map(([name, version]) => `${name} ${version}`);
    return facts([
      [
        'Presence',
        [
          badge(presenceTone(presence), presenceWord(presence)),
          el('span', { class: 'more' }, ` ${reasonLong(reason)}`),
        ],
      ],
      ['Last heartbeat', [age(row.bornMs, nowMs), ` ago, one every ${spanText(row.intervalMs)}`]],
      ['Says', row.status || NOTHING],
      ['Beside', names.get(row.origin) || shortId(row.origin)],
      ['Came here', pathWord(row.path, row.relayedBy, names)],
      ['Labels', labels.length === 0 ? NOTHING : labels],
      ['Versions', versions.join(', ') || NOTHING],
    ]);
  }
}

function workloadsView({ value }: AgentRow): Child {
  const workloads = listOf(value.workloads).map(objectOf);
  if (workloads.length === 0) return undefined;
  const rows = workloads.map((one, i) => [`${i}`, one] as const);
  return [
    el('h3', {}, 'What runs there'),
    el(
      'div',
      { class: 'table-scroll' },
      table(
        'Workloads',
        [
          { title: 'Name', cell: ({ name }) => textOf(name) },
          { title: 'Kind', isWide: true, cell: ({ kind }) => textOf(kind) || NOTHING },
          { title: 'State', cell: ({ state }) => textOf(state) || NOTHING },
          { title: 'Version', isWide: true, cell: ({ version }) => textOf(version) || NOTHING },
          { title: 'CPU', cell: ({ cpuPercent }) => orNothing(numberOf(cpuPercent), percentText) },
          {
            title: 'Memory',
            cell: ({ memoryBytes }) => orNothing(numberOf(memoryBytes), bytesText),
          },
        ],
        rows,
      ),
    ),
  ];
}

function deploymentsView(
  rows: readonly (readonly [string, DeploymentRow])[],
  nowMs: number,
): HTMLElement {
  if (rows.length === 0) return el('p', { class: 'empty' }, 'None are known.');
  return el(
    'div',
    { class: 'table-scroll' },
    table(
      'Deployments',
      [
        { title: 'Package', cell: (row) => row.package },
        { title: 'Version', cell: ({ version }) => version || NOTHING },
        { title: 'State', cell: ({ state }) => state || NOTHING },
        { title: 'Written', cell: ({ bornMs }) => [age(bornMs, nowMs), ' ago'] },
      ],
      rows,
    ),
  );
}

function orNothing(value: number | undefined, text: (value: number) => string): string {
  return value === undefined ? NOTHING : text(value);
}
