// The dashboard over troubles, in a real Chromium against real sidecars: a document that cannot be read, a clock that is wrong, here and elsewhere.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import process from 'node:process';
import { after, before, describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { LiveDocument } from '../../src/core/documents/document.ts';
import { hlcOf } from '../../src/core/index.ts';
import { sodiumCrypto } from '../../src/sidecar/sodium-crypto.ts';
import { systemEnvironment } from '../../src/sidecar/system-environment.ts';
import { buildDashboard } from '../../tools/dashboard.ts';
import type { Mallory } from '../attack/support/mallory.ts';
import { Victims } from '../attack/support/victims.ts';
import { encodeForgery, parseForgery } from '../fuzz/forge.ts';
import { openBrowser, openPage, untilLive } from './support/browser.ts';
import { FAINT_TEXTS, type Faint } from './support/contrast.ts';
import type { RunningSidecar } from './support/running-sidecar.ts';

const TIMEOUT_MS = 120_000;
const HOUR_MS = 3_600_000;
const SKEWED_CLOCK = pathToFileURL(
  join(import.meta.dirname, '..', 'netns', 'support', 'skewed-clock.ts'),
).href;
/** Set to keep pictures of what the tests see. */
const PICTURES = process.env.DASHBOARD_PICTURES;

/** A process that starts on the second of January 1970: a device without a battery. */
function without(): Record<string, string> {
  return {
    NODE_OPTIONS: `--import=${SKEWED_CLOCK}`,
    TEST_CLOCK_SKEW_MS: String(Date.UTC(1970, 0, 2) - Date.now()),
  };
}

/** Writes a document with a change behind its founding that leaves op numbers out: it is kept, and cannot be read. */
function poison(attacker: Mallory, key: string): void {
  const document = new LiveDocument(attacker.incarnation, sodiumCrypto);
  const base = document.found({ n: 1 });
  const forgery = parseForgery(document.put({ n: 2 }) as Uint8Array);
  forgery.startOp += 1000;
  document.free();
  const kind = 'change' as const;
  for (const bytes of [base, encodeForgery(forgery)]) {
    attacker.append('state', [{ key, kind, generation: 0, bytes }]);
  }
}

async function open(browser: Browser, sidecar: RunningSidecar) {
  const watched = await openPage(browser);
  await watched.page.goto(`http://${sidecar.apiAddress}/#token=${sidecar.token()}`);
  await untilLive(watched.page);
  return watched;
}

function problem(page: Page, text: RegExp) {
  return page.getByRole('region', { name: 'What is wrong' }).getByRole('listitem').filter({
    hasText: text,
  });
}

async function picture(page: Page, name: string): Promise<void> {
  if (PICTURES === undefined) return;
  await page.screenshot({ path: join(PICTURES, `${name}.png`), fullPage: true });
}

describe('the dashboard tells of', { timeout: TIMEOUT_MS }, () => {
  let browser: Browser;

  before(async () => {
    await buildDashboard();
    browser = await openBrowser();
  });
  after(() => browser?.close());

  test('a document that is quarantined from now on, why, and what can be done', async () => {
    await using victims = new Victims();
    const hub = await victims.start(victims.hub);
    await using attacker = victims.mallory(victims.admit('poisoner'));
    await attacker.link(hub.meshAddress);
    await using watched = await open(browser, hub);
    const { page } = watched;
    const told = problem(page, /deployments\/poisoner:pump/);
    await problem(page, /key of this node is plain/).waitFor();
    assert.equal(await told.count(), 0);

    poison(attacker, 'deployments/poisoner:pump');
    await told.waitFor();
    const words = (await told.textContent()) ?? '';
    assert.match(words, /^Quarantined: .* change [0-9a-f]{64}: /);
    assert.match(words, /`holdfast explain doc deployments\/poisoner:pump` says who wrote it/);
    await picture(page, 'quarantined');
    assert.deepEqual(await page.evaluate<Faint[]>(FAINT_TEXTS), []);
    assert.deepEqual(watched.complaints, []);
    assert.deepEqual(victims.faults(), []);
  });

  test('its own clock that is not believed, and that no command is started meanwhile', async () => {
    await using victims = new Victims();
    const who = victims.admit('battery', ['agent'], victims.hub, { agents: ['battery'] });
    const late = await victims.start(who, { env: without() });
    await using watched = await open(browser, late);
    const { page } = watched;
    const told = problem(page, /clock suspect/i);
    await told.waitFor();
    const words = (await told.textContent()) ?? '';
    assert.match(words, /shows 1970-01-0\d/);
    assert.match(words, /no command is started/);
    await picture(page, 'clock-suspect');
    assert.deepEqual(watched.complaints, []);
    assert.deepEqual(victims.faults(), []);
  });

  test('a member whose clock is ahead, by its name, and that its writes wait', async () => {
    await using victims = new Victims();
    const hub = await victims.start(victims.hub);
    await using attacker = victims.mallory(victims.admit('from-the-future'));
    await attacker.link(hub.meshAddress);
    const clock = hlcOf(systemEnvironment.clock.now().wallMs + HOUR_MS);
    attacker.put('deployments/from-the-future:x', { n: 1 }, 'state', { clock });
    await using watched = await open(browser, hub);
    const { page } = watched;
    const told = problem(page, /from-the-future/).filter({ hasText: /clock/ });
    await told.first().waitFor();
    assert.match((await told.first().textContent()) ?? '', /ten minutes ahead/);
    await picture(page, 'clock-ahead');
    assert.deepEqual(watched.complaints, []);
  });
});
