// Which agents a label selector means: the sidecar says, so that there is one reader of selectors.
import { type Api, failureOf } from './api.ts';
import type { Environment } from './environment.ts';

/** For somebody who is still typing. */
const PAUSE_MS = 300;
/** Labels change seldom. */
const AGAIN_MS = 10_000;
const PAGE = 1_000;
const MAX_PAGES = 20;

export class LabelFilter {
  /** Names of the agents; undefined without a selector, and until the first answer. */
  selected: ReadonlySet<string> | undefined;
  /** What is wrong with the selector, as the sidecar says it; empty where nothing is. */
  fault = '';
  readonly #api: Api;
  readonly #environment: Environment;
  readonly #onChange: () => void;
  #selector = '';
  #cancel: (() => void) | undefined;

  constructor(api: Api, environment: Environment, onChange: () => void) {
    this.#api = api;
    this.#environment = environment;
    this.#onChange = onChange;
  }

  set(selector: string): void {
    this.#selector = selector.trim();
    this.#cancel?.();
    if (this.#selector === '') {
      this.selected = undefined;
      this.fault = '';
      this.#onChange();
      return;
    }
    this.#cancel = this.#environment.after(PAUSE_MS, () => void this.#ask());
  }

  async #ask(): Promise<void> {
    const selector = this.#selector;
    const selected = new Set<string>();
    let fault = '';
    try {
      let pageToken = '';
      for (let page = 0; page < MAX_PAGES; page++) {
        const request = { filter: { selector }, pageSize: PAGE, pageToken };
        const answer = await this.#api.fleet.listPlatforms(request);
        for (const { agent } of answer.platforms) selected.add(agent);
        pageToken = answer.nextPageToken;
        if (pageToken === '') break;
      }
    } catch (error) {
      const failure = failureOf(error);
      // While the sidecar is away the agents that it named last stay.
      fault = failure.kind === 'away' ? this.fault : failure.why;
    }
    if (selector !== this.#selector) return;
    this.fault = fault;
    if (fault === '') this.selected = selected;
    this.#onChange();
    this.#cancel = this.#environment.after(AGAIN_MS, () => void this.#ask());
  }
}
