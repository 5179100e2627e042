// Whether the sidecar that this page talks to answers: shown plainly, told once to those who listen, and a form where it wants a token.
import { Presence } from '../gen/holdfast/v1/common_pb.ts';
import { countPresences } from './agents-order.ts';
import { el, show } from './dom.ts';
import { clockText, countText } from './format.ts';
import type { Model } from './model.ts';
import { age, badge } from './parts.ts';

export interface ConnectionPlaces {
  readonly state: HTMLElement;
  readonly banner: HTMLElement;
  /** Read out by screen readers when it changes. */
  readonly live: HTMLElement;
}

/** Nobody is told more often than this. */
const QUIET_MS = 8_000;

export class ConnectionView {
  readonly #places: ConnectionPlaces;
  #told = '';
  #toldAtMs = Number.NEGATIVE_INFINITY;

  constructor(places: ConnectionPlaces) {
    this.#places = places;
  }

  show(model: Model, nowMs: number): void {
    const { link, lastWallMs } = model;
    document.documentElement.setAttribute('data-link', link.kind);
    show(this.#places.state, this.#state(model));
    if (link.kind !== 'away') {
      show(this.#places.banner);
      return;
    }
    const asOf =
      lastWallMs === undefined
        ? ''
        : ` What you see is as of ${clockText(lastWallMs)}; ages go on.`;
    show(
      this.#places.banner,
      el(
        'p',
        { class: 'banner' },
        el('strong', {}, 'The sidecar of this page does not answer. '),
        'Trying again, for ',
        age(link.sinceMs, nowMs),
        `.${asOf} `,
        el('span', { class: 'why' }, link.why),
      ),
    );
  }

  #state({ link, surroundings }: Model): HTMLElement {
    switch (link.kind) {
      case 'live':
        return surroundings?.reach?.cutOff === true && surroundings.members.length > 0
          ? badge('warn', 'live', '(sidecar cut off)')
          : badge('good', 'live');
      case 'starting':
        return badge('busy', 'connecting');
      case 'away':
        return badge('bad', 'sidecar not reachable');
      case 'locked':
        return badge('quiet', 'needs a token');
    }
  }

  /** Called each second: says what changed that matters, and nothing that merely moves. */
  announce({ link, surroundings, agents }: Model, nowMs: number): void {
    const silent = countPresences(agents.values()).get(Presence.UNREACHABLE) ?? 0;
    const parts = [
      link.kind === 'away' && 'The sidecar is not reachable, trying again.',
      link.kind === 'live' && 'Live.',
      surroundings?.reach?.cutOff === true &&
        surroundings.members.length > 0 &&
        'This sidecar is cut off.',
      silent > 0 && `${countText(silent, 'agent')} unreachable.`,
    ];
    const text = parts.filter((part) => part !== false).join(' ');
    if (text === this.#told || nowMs - this.#toldAtMs < QUIET_MS) return;
    this.#told = text;
    this.#toldAtMs = nowMs;
    this.#places.live.textContent = text;
  }
}

/** Asks for a token. `onToken` is given what was typed. */
export function tokenForm(why: string, onToken: (text: string) => void): HTMLElement {
  const field = el('input', {
    ...{ id: 'token', type: 'password', autocomplete: 'off', required: true, spellcheck: 'false' },
    'aria-describedby': 'token-help token-fault',
  });
  const form = el(
    'form',
    { class: 'token-form' },
    el('h2', { id: 'token-heading', tabindex: -1 }, 'Token'),
    el(
      'p',
      { id: 'token-help' },
      '`holdfast dash` opens this page with a token that may only look. Or paste the text of a token file of this sidecar; it is kept until this tab is closed.',
    ),
    el('label', { for: 'token' }, 'Token', field),
    el('p', { id: 'token-fault', class: 'fault', role: 'alert' }, why),
    el('button', { type: 'submit' }, 'Open'),
  );
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    onToken(field.value.trim());
  });
  return form;
}
