// The page: its frame, what is shown for which address, and the parts that are shown again when something changes.

import { AgentView } from './agent-view.ts';
import type { Api } from './api.ts';
import { CommandView } from './command-view.ts';
import { ConnectionView, tokenForm } from './connection-view.ts';
import { el, show } from './dom.ts';
import type { Environment } from './environment.ts';
import { FleetView } from './fleet-view.ts';
import { shortId } from './format.ts';
import type { Model } from './model.ts';
import { tickAges } from './parts.ts';
import { Scheduler } from './scheduler.ts';
import { followTheme } from './theme.ts';
import type { DetailView, ViewParts } from './view.ts';

/** Somebody who looks sees four pictures a second of a table that changes all the time. */
const AGENTS_MS = 250;
const REST_MS = 500;

export interface PageParts {
  readonly api: Api;
  readonly model: Model;
  readonly environment: Environment;
  readonly onToken: (text: string) => void;
  readonly onForget: () => void;
}

/** What changed; see the parts that are shown again. */
export type Change = 'agents' | 'deployments' | 'commands' | 'surroundings' | 'link';

export class Page {
  readonly #parts: PageParts;
  readonly #views: ViewParts;
  readonly #fleet: FleetView;
  readonly #connection: ConnectionView;
  readonly #detailPlace = el('div', { id: 'detail' });
  readonly #tokenPlace = el('div', { id: 'token-place' });
  readonly #who = el('span', { class: 'who' });
  readonly #back = el('a', { href: '#/', class: 'back' }, '← Fleet');
  readonly #again: Readonly<
    Record<'agents' | 'surroundings' | 'commands' | 'detail' | 'link', () => void>
  >;
  #detail: DetailView | undefined;

  constructor(parts: PageParts) {
    const { api, model, environment } = parts;
    this.#parts = parts;
    const scheduler = new Scheduler(environment);
    this.#again = {
      agents: scheduler.part(() => this.#showAgents(), AGENTS_MS),
      surroundings: scheduler.part(() => this.#showSurroundings(), REST_MS),
      commands: scheduler.part(() => this.#fleet.showCommands(), REST_MS),
      detail: scheduler.part(() => this.#detail?.show(), REST_MS),
      link: scheduler.part(() => this.#showLink(), 0),
    };
    const names = () => namesOf(model);
    this.#views = { api, model, environment, names, onChange: this.#again.detail };
    this.#fleet = new FleetView(this.#views, this.#again.agents);
    this.#connection = this.#frame();
    addEventListener('hashchange', () => this.#route(true));
    this.#route(false);
    this.#showLink();
  }

  changed(what: Change): void {
    if (what === 'link') this.#again.link();
    else if (what !== 'deployments') this.#again[what]();
    if (what === 'agents') this.#again.surroundings();
    if (what === 'surroundings') this.#again.agents();
    if (this.#detail !== undefined) this.#again.detail();
  }

  /** Called each second. */
  tick(): void {
    const { model, environment } = this.#parts;
    const nowMs = environment.nowMs();
    if (!document.hidden) {
      tickAges(nowMs);
      this.#fleet.tick();
      if (model.link.kind === 'live') this.#detail?.tick();
    }
    this.#connection.announce(model, nowMs);
  }

  #frame(): ConnectionView {
    const { environment, onForget } = this.#parts;
    const theme = el('button', { type: 'button', id: 'theme' }, 'Dark');
    const forget = el('button', { type: 'button', id: 'forget' }, 'Forget token');
    forget.addEventListener('click', onForget);
    const state = el('div', { id: 'link-state' });
    const banner = el('div', { id: 'banner' });
    const live = el('div', { id: 'live', class: 'unseen', 'aria-live': 'polite' });
    const skip = el('a', { class: 'skip', href: '#main' }, 'Skip to content');
    const main = el(
      'main',
      { id: 'main', tabindex: -1 },
      this.#tokenPlace,
      this.#back,
      this.#detailPlace,
      this.#fleet.element,
    );
    skip.addEventListener('click', (event) => {
      // The part behind # says what is shown, so the jump is made by hand.
      event.preventDefault();
      main.focus();
    });
    document.body.replaceChildren(
      skip,
      el(
        'header',
        {},
        el(
          'h1',
          {},
          el('img', { src: '/dashboard.svg', alt: '', width: 28, height: 28 }),
          'holdfast',
        ),
        this.#who,
        state,
        el('div', { class: 'buttons' }, theme, forget),
      ),
      live,
      banner,
      main,
    );
    followTheme(environment, theme);
    return new ConnectionView({ state, banner, live });
  }

  /** `#/agents/NAME`, `#/commands/ID` and `#/commands/ID/AGENT`; everything else is the fleet. */
  #route(isMove: boolean): void {
    const [, kind, id, agent] = location.hash.split('/').map(decodeURIComponent);
    this.#detail?.stop();
    this.#detail = undefined;
    if (kind === 'agents' && id) this.#detail = new AgentView(this.#views, id);
    if (kind === 'commands' && id) this.#detail = new CommandView(this.#views, id, agent ?? '');
    this.#detailPlace.replaceChildren(
      ...(this.#detail === undefined ? [] : [this.#detail.element]),
    );
    this.#detail?.show();
    if (this.#parts.model.link.kind !== 'locked') this.#detail?.tick();
    this.#showParts();
    if (!isMove) return;
    scrollTo(0, 0);
    document.getElementById(this.#detail === undefined ? 'main' : 'detail-heading')?.focus();
  }

  #showParts(): void {
    const isLocked = this.#parts.model.link.kind === 'locked';
    const isDetail = this.#detail !== undefined;
    this.#fleet.element.hidden = isLocked || isDetail;
    this.#detailPlace.hidden = isLocked || !isDetail;
    this.#back.hidden = isLocked || !isDetail;
    const { surroundings } = this.#parts.model;
    const of = this.#detail?.title ?? surroundings?.status.name;
    document.title = of === undefined ? 'holdfast' : `${of} – holdfast`;
    // A table that was hidden had no height to be filled to.
    if (!isLocked && !isDetail) this.#again.agents();
  }

  #showAgents(): void {
    if (this.#detail === undefined) this.#fleet.showAgents();
  }

  #showSurroundings(): void {
    const { model } = this.#parts;
    if (this.#detail === undefined) this.#fleet.showSurroundings();
    const { status } = model.surroundings ?? {};
    if (status !== undefined) {
      const { name, version, fleetMode, fleet } = status;
      show(this.#who, el('strong', {}, name), ` ${version}, ${fleetMode} fleet ${fleet}`);
    }
    this.#connection.show(model, this.#parts.environment.nowMs());
    if (document.title === 'holdfast') this.#showParts();
  }

  #showLink(): void {
    const { model, environment, onToken } = this.#parts;
    const { link } = model;
    this.#connection.show(model, environment.nowMs());
    if (link.kind !== 'locked') this.#tokenPlace.replaceChildren();
    else {
      this.#tokenPlace.replaceChildren(tokenForm(link.why, onToken));
      document.getElementById('token')?.focus();
    }
    this.#showParts();
  }
}

function namesOf({ surroundings }: Model): ReadonlyMap<string, string> {
  if (surroundings === undefined) return new Map();
  const { status, members } = surroundings;
  const named = members.map(({ nodeId, name }) => [nodeId, name || shortId(nodeId)] as const);
  return new Map([...named, [status.nodeId, status.name]]);
}
