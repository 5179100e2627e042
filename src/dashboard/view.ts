// What every detail of the page is made with: an API, a model, a clock, and when it has to be shown again.
import type { Api } from './api.ts';
import type { Environment } from './environment.ts';
import type { Model } from './model.ts';
import type { Names } from './words.ts';

export interface ViewParts {
  readonly api: Api;
  readonly model: Model;
  readonly environment: Environment;
  /** Names of members by node id. */
  readonly names: () => Names;
  /** Something that the view shows came. */
  readonly onChange: () => void;
}

/** One thing in detail, in place of the fleet. */
export interface DetailView {
  /** For the title of the page. */
  readonly title: string;
  readonly element: HTMLElement;
  /** Shows what is known now. */
  show(): void;
  /** Called each second: reads what is due. */
  tick(): void;
  stop(): void;
}
