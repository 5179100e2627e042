// The fleet: what is wrong, who is there, the map, members, agents, commands.
import { timestampMs } from '@bufbuild/protobuf/wkt';
import { Presence } from '../gen/holdfast/v1/common_pb.ts';
import { chooseAgents, countPresences } from './agents-order.ts';
import { AgentsTable, type SortKey } from './agents-table.ts';
import { commandsView } from './commands-view.ts';
import { type Child, el, show } from './dom.ts';
import { drawFleet } from './fleet-map.ts';
import { countText, NOTHING } from './format.ts';
import { LabelFilter } from './label-filter.ts';
import { mapView } from './map-view.ts';
import { membersView } from './members-view.ts';
import type { Surroundings } from './model.ts';
import { age, badge, facts } from './parts.ts';
import { type Problem, problemsOf } from './problems.ts';
import type { ViewParts } from './view.ts';
import { presenceTone, presenceWord } from './words.ts';

const FILTERS = [Presence.ALIVE, Presence.SUSPECT, Presence.UNREACHABLE, Presence.LEFT] as const;
const COMMANDS = 30;

export class FleetView {
  readonly element: HTMLElement;
  readonly #parts: ViewParts;
  readonly #table: AgentsTable;
  readonly #labels: LabelFilter;
  readonly #places = {
    problems: el('div', { id: 'problems' }),
    sidecar: el('div', { id: 'sidecar' }),
    map: el('div', { id: 'map' }),
    members: el('div', { id: 'members' }),
    presences: el('div', { class: 'filters', role: 'group', 'aria-label': 'Only agents that are' }),
    count: el('p', { id: 'agents-count', class: 'more' }),
    fault: el('p', { id: 'selector-fault', class: 'fault', role: 'alert' }),
    commands: el('div', { id: 'commands' }),
  };
  readonly #presences = new Set<Presence>();
  #text = '';
  #sort: SortKey = 'presence';
  #drawn = '';

  /** `onChoice`: somebody chose other agents, or another order. */
  constructor(parts: ViewParts, onChoice: () => void) {
    this.#parts = parts;
    this.#table = new AgentsTable(parts.environment.nowMs, (key) => {
      this.#sort = key;
      onChoice();
    });
    this.#labels = new LabelFilter(parts.api, parts.environment, onChoice);
    this.element = this.#frame(onChoice);
  }

  #frame(onChoice: () => void): HTMLElement {
    const { problems, sidecar, map, members, presences, count, fault, commands } = this.#places;
    const name = input('name-filter', 'Name', 'part of a name');
    name.addEventListener('input', () => {
      this.#text = name.value.trim().toLowerCase();
      onChoice();
    });
    const labels = input('selector', 'Labels', 'site=north,tier!=test');
    labels.setAttribute('aria-describedby', 'selector-fault');
    labels.addEventListener('input', () => this.#labels.set(labels.value));
    presences.addEventListener('click', ({ target }) => {
      const button = target instanceof Element ? target.closest('button') : null;
      if (button === null) return;
      const chosen = button.getAttribute('data-presence');
      const presence = FILTERS.find((one) => String(one) === chosen);
      if (presence === undefined) return;
      if (!this.#presences.delete(presence)) this.#presences.add(presence);
      onChoice();
    });
    const tools = el(
      'div',
      { class: 'tools' },
      el('label', { for: 'name-filter' }, 'Name', name),
      el('label', { for: 'selector' }, 'Labels', labels),
      presences,
    );
    return el(
      'div',
      { id: 'fleet' },
      section('What is wrong', 'problems-heading', problems),
      el(
        'div',
        { class: 'columns' },
        section('Fleet', 'map-heading', map, sidecar),
        section('Members, and what each side is missing', 'members-heading', members),
      ),
      section('Agents', 'agents-heading', tools, fault, count, this.#table.element),
      section('Commands', 'commands-heading', commands),
    );
  }

  showAgents(): void {
    const { model, names } = this.#parts;
    const { selected, fault } = this.#labels;
    const choice = { text: this.#text, presences: this.#presences, selected, sort: this.#sort };
    const rows = chooseAgents(model.agents.values(), choice);
    this.#table.update(rows, names(), this.#sort);
    const counts = countPresences(model.agents.values());
    show(
      this.#places.presences,
      FILTERS.map((presence) =>
        el(
          'button',
          {
            type: 'button',
            'data-key': presence,
            'data-presence': presence,
            'aria-pressed': String(this.#presences.has(presence)),
          },
          badge(presenceTone(presence), presenceWord(presence)),
          ` ${(counts.get(presence) ?? 0).toLocaleString('en')}`,
        ),
      ),
    );
    const all = countText(model.agents.size, 'agent');
    const isAll = rows.length === model.agents.size;
    show(this.#places.count, isAll ? all : `${rows.length.toLocaleString('en')} of ${all}`);
    show(this.#places.fault, fault);
  }

  showSurroundings(): void {
    const { model, environment } = this.#parts;
    const { surroundings } = model;
    if (surroundings === undefined) {
      show(this.#places.problems, el('p', { class: 'empty' }, 'Nothing came yet.'));
      return;
    }
    const nowMs = environment.nowMs();
    const map = drawFleet(surroundings, model.agents.values());
    const drawn = JSON.stringify(map);
    if (drawn !== this.#drawn) show(this.#places.map, mapView(map));
    this.#drawn = drawn;
    show(this.#places.members, membersView(surroundings, map, nowMs));
    show(this.#places.problems, problemsView(problemsOf(surroundings, model.agents.values())));
    show(this.#places.sidecar, sidecarFacts(surroundings, nowMs));
  }

  showCommands(): void {
    const { model, environment } = this.#parts;
    const { commands, commandsAtMs, hasMoreCommands } = model;
    const isMore = hasMoreCommands || commands.length > COMMANDS;
    show(
      this.#places.commands,
      commandsView(commands.slice(0, COMMANDS), commandsAtMs, environment.nowMs()),
      isMore && el('p', { class: 'more' }, 'Older ones: `holdfast cmd list`.'),
    );
  }

  tick(): void {
    this.#table.tick();
  }
}

function problemsView(problems: readonly Problem[]): Child {
  if (problems.length === 0) return el('p', {}, badge('good', 'Nothing is known to be wrong.'));
  return el(
    'ul',
    { class: 'problems' },
    problems.map(({ tone, text }) => el('li', { class: tone }, text)),
  );
}

function sidecarFacts({ status, reach, atMs, wallMs }: Surroundings, nowMs: number): Child {
  const hub = reach?.lastHubContact;
  const hubAge =
    hub === undefined
      ? 'none known'
      : [age(atMs - Math.max(0, wallMs - timestampMs(hub)), nowMs), ' ago'];
  return facts([
    ['Links', String(status.links)],
    ['Last hub contact', hubAge],
    ['Documents', Number(status.documents).toLocaleString('en')],
    [
      'State hash',
      el('code', { title: status.stateHash }, status.stateHash.slice(0, 12) || NOTHING),
    ],
  ]);
}

function section(title: string, id: string, ...children: readonly Child[]): HTMLElement {
  return el('section', { 'aria-labelledby': id }, el('h2', { id }, title), children);
}

function input(id: string, label: string, placeholder: string): HTMLInputElement {
  return el('input', {
    ...{ id, type: 'search', placeholder, 'aria-label': label, autocomplete: 'off' },
    ...{ spellcheck: 'false', autocapitalize: 'off' },
  });
}
