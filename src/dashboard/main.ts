// The dashboard: takes the token, follows the fleet, shows it.
import { createApi } from './api.ts';
import { browserEnvironment as environment } from './browser-environment.ts';
import { Follow } from './follow.ts';
import { Model } from './model.ts';
import { Page } from './page.ts';
import { Reader } from './reader.ts';
import { Token } from './token.ts';

const SECOND_MS = 1_000;
const NO_TOKEN = { kind: 'locked', why: '' } as const;

const token = new Token(environment);
token.takeFromAddress(location, history);
const model = new Model();
if (token.text === '') model.link = NO_TOKEN;
const api = createApi(location.origin, () => token.text);

const page = new Page({
  api,
  model,
  environment,
  onToken: (text) => {
    token.keep(text);
    begin();
  },
  onForget: () => {
    token.forget();
    // What was read with it does not stay on the page either.
    location.reload();
  },
});
const follow = new Follow({
  api,
  model,
  environment,
  onChange: (what) => {
    if (what === 'commands') reader.commandsChanged();
    if (what === 'link' && model.link.kind === 'live') reader.read();
    if (what === 'link' && model.link.kind === 'locked') token.forget();
    page.changed(what);
  },
});
const reader = new Reader({
  api,
  model,
  environment,
  onChange: (what) => page.changed(what),
  onAway: () => follow.breakOff(),
  isSeen: () => !document.hidden,
});

function begin(): void {
  model.link = { kind: 'starting' };
  page.changed('link');
  follow.start();
}

function tick(): void {
  reader.tick();
  page.tick();
  environment.after(SECOND_MS, tick);
}

if (token.text !== '') follow.start();
// A token in the address of a page that is open already: `holdfast dash` a second time.
addEventListener('hashchange', () => {
  if (token.takeFromAddress(location, history) && model.link.kind !== 'live') begin();
});
addEventListener('online', () => {
  if (model.link.kind === 'away') follow.start();
});
document.addEventListener('visibilitychange', () => {
  if (!document.hidden) tickNow();
});
tick();

function tickNow(): void {
  reader.tick();
  page.tick();
}
