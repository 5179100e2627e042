// The dashboard in a real Chromium, against real sidecars: what it shows, through a partition and a restart, for everybody.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { createAgentClient } from '../../src/agent-client/index.ts';
import { startTestSidecar } from '../../src/testing/index.ts';
import { buildDashboard } from '../../tools/dashboard.ts';
import { openBrowser, openPage, untilLive } from './support/browser.ts';
import { FAINT_TEXTS, type Faint } from './support/contrast.ts';
import type { RunningSidecar } from './support/running-sidecar.ts';
import { Site, waitFor } from './support/site.ts';

const TIMEOUT_MS = 120_000;
/** What Chromium itself writes into the console where a server answers 401, or does not answer. */
const NO_TOKEN = /status of 401/;
/** And where somebody is still typing a selector. */
const NO_SELECTOR = /status of 400/;
const NO_ANSWER = /ERR_CONNECTION_REFUSED|ERR_INCOMPLETE|ERR_EMPTY_RESPONSE|ERR_CONNECTION_RESET/;

function agentOf(sidecar: RunningSidecar, agent: string) {
  return createAgentClient({
    address: `http://${sidecar.apiAddress}`,
    tokenFile: join(sidecar.dataDir, 'tokens', `agent-${agent}`),
  });
}

async function dash(site: Site, sidecar: RunningSidecar): Promise<string> {
  const { code, stdout, stderr } = await site.run('dash', '--data-dir', sidecar.dataDir);
  assert.equal(code, 0, stderr);
  return stdout.trim();
}

function rowOf(page: Page, agent: string) {
  return page.locator(`tr[data-agent="${agent}"]`);
}

describe('the dashboard', { timeout: TIMEOUT_MS }, () => {
  let browser: Browser;

  before(async () => {
    await buildDashboard();
    browser = await openBrowser();
  });
  after(() => browser?.close());

  test('asks for a token once, says when it is wrong, and takes that of `holdfast dash` out of the address', async () => {
    await using site = new Site();
    await site.init('hub');
    const hub = await site.start('hub', { args: ['--agent', 'one'] });
    const origin = `http://${hub.apiAddress}`;
    await using typed = await openPage(browser);
    const { page } = typed;
    await page.goto(`${origin}/`);
    await page.getByLabel('Token').fill('hft_guess');
    await page.getByRole('button', { name: 'Open' }).click();
    const fault = page.getByRole('alert').filter({ hasText: 'not one of this sidecar' });
    await fault.waitFor();
    await page.getByLabel('Token').fill(hub.token());
    await page.keyboard.press('Enter');
    await untilLive(page);
    await page.reload();
    await untilLive(page);
    assert.deepEqual(
      typed.complaints.filter((text) => !NO_TOKEN.test(text)),
      [],
    );
    await page.getByRole('button', { name: 'Forget token' }).click();
    await page.getByLabel('Token').waitFor();

    const address = await dash(site, hub);
    assert.match(address, /^http:\/\/127\.0\.0\.1:\d+\/#token=hft_/);
    assert.ok(!address.includes(hub.token()), 'the operator’s token is not put into a browser');
    await using given = await openPage(browser);
    await given.page.goto(address);
    await untilLive(given.page);
    assert.equal(given.page.url(), `${origin}/`);
    assert.deepEqual(given.complaints, []);
    const foreign = given.asked.filter((url) => !url.startsWith(`${origin}/`));
    assert.deepEqual(foreign, []);
    assert.ok(given.asked.every((url) => !url.includes('hft_') || url === address));
    assert.equal(await dash(site, hub), address, 'a second time it is the same token');
  });

  test('may load nothing from anywhere else, and is nobody’s frame', async () => {
    await using site = new Site();
    await site.init('hub');
    const hub = await site.start('hub');
    const answer = await fetch(`http://${hub.apiAddress}/`);
    const policy = answer.headers.get('content-security-policy') ?? '';
    assert.match(policy, /default-src 'none'/);
    assert.match(policy, /frame-ancestors 'none'/);
    assert.doesNotMatch(policy, /unsafe|https?:|\*/);
    const etag = answer.headers.get('etag') ?? '';
    const headers = { 'if-none-match': etag };
    assert.equal((await fetch(`http://${hub.apiAddress}/`, { headers })).status, 304);
    const rebound = await fetch(`http://${hub.apiAddress}/`, {
      headers: { origin: 'http://evil.example' },
    });
    assert.equal(rebound.status, 403);
  });

  test('shows an agent live: presence, age, labels, telemetry, deployments, a command with its log', async () => {
    await using site = new Site();
    await site.init('hub');
    const hub = await site.start('hub', { args: ['--agent', 'one', '--agent', 'two'] });
    await using one = agentOf(hub, 'one');
    await using two = agentOf(hub, 'two');
    await one.put('deployments', 'one:podinfo', { version: '6.7.1', state: 'running' });
    await two.heartbeat({ status: 'ok', labels: { site: 'south' } });
    const beat = {
      labels: { site: 'north' },
      telemetry: { cpuPercent: 42 },
      versions: { agent: '1.4' },
    };
    await one.heartbeat({ status: 'ok', ...beat });
    const written = Promise.withResolvers<void>();
    one.runCommands({
      backup: async (command) => {
        command.progress(40, 'half of it');
        command.log('stdout', 'the first line');
        await written.promise;
        command.log('stdout', 'the last line');
        return { done: true };
      },
    });
    await using watched = await openPage(browser);
    const { page } = watched;
    await page.goto(await dash(site, hub));
    await rowOf(page, 'one').getByText('alive').waitFor();
    const before = watched.asked.filter((url) => url.includes('/FleetService/Watch')).length;
    await one.heartbeat({ status: 'degraded', ...beat });
    await rowOf(page, 'one').getByText('degraded').waitFor();
    const age = rowOf(page, 'two').locator('td').nth(1);
    const first = Number.parseInt((await age.textContent()) ?? '', 10);
    await waitFor('the age to tick', async () => {
      return Number.parseInt((await age.textContent()) ?? '', 10) > first;
    });
    const streams = watched.asked.filter((url) => url.includes('/FleetService/Watch')).length;
    assert.equal(streams, before, 'one stream brought all of it');

    await page.getByRole('searchbox', { name: 'Labels' }).fill('site=south');
    await rowOf(page, 'one').waitFor({ state: 'detached' });
    assert.equal(await rowOf(page, 'two').count(), 1);
    await page.getByRole('searchbox', { name: 'Labels' }).fill('site in (');
    await page.locator('#selector-fault').getByText('selector').waitFor();
    await page.getByRole('searchbox', { name: 'Labels' }).fill('');
    await rowOf(page, 'one').waitFor();

    const { code, stdout, stderr } = await site.run(
      ...['cmd', 'run', '--target', 'one', 'backup', '--data-dir', hub.dataDir, '-o', 'json'],
    );
    assert.equal(code, 0, stderr);
    assert.match(stdout, /backup/);
    await page.locator('#commands').getByText('40 %', { exact: false }).last().waitFor();
    await page.getByRole('link', { name: 'backup' }).click();
    await page.getByRole('log').getByText('the first line').waitFor();
    await page.getByText('one: began to run it').waitFor();
    written.resolve();
    await page.getByRole('log').getByText('the last line').waitFor();
    await page.locator('#detail .badge').getByText('succeeded').waitFor();

    await page.getByRole('link', { name: 'one', exact: true }).click();
    await page.getByRole('heading', { name: 'one' }).waitFor();
    await page.getByRole('img', { name: /^Processor over the last hour: now 42 %/ }).waitFor();
    await page.getByRole('row', { name: /podinfo 6\.7\.1 running/ }).waitFor();
    assert.deepEqual(
      watched.complaints.filter((text) => !NO_SELECTOR.test(text)),
      [],
    );
  });

  test('shows a partition from both sides, what each is missing, and that it heals', async () => {
    await using site = new Site();
    await site.init('hub');
    await site.init('edge', 'hub');
    const hub = await site.start('hub', { args: ['--agent', 'hub'] });
    const edge = await site.start('edge', { peers: [hub.meshAddress], args: ['--agent', 'edge'] });
    await using far = agentOf(edge, 'edge');
    await using near = agentOf(hub, 'hub');
    await using _far = far.startHeartbeats({ intervalMs: 300 });
    await using _near = near.startHeartbeats({ intervalMs: 300 });
    await using watched = await openPage(browser);
    const { page } = watched;
    await page.goto(await dash(site, hub));
    const node = page.locator('svg.map [data-name="edge"]');
    await page.locator('svg.map [data-name="edge"][data-tie="direct"]').waitFor();
    await rowOf(page, 'edge').getByText('direct').waitFor();

    await hub.call('MeshService/Pause');
    await hub.put('notes', 'of-the-hub', { written: 'apart' });
    await page.locator('svg.map [data-name="edge"][data-tie="cut"]').waitFor();
    await page.locator('svg.map .cross').waitFor();
    await rowOf(page, 'edge').getByText('cut off').waitFor();
    await page.locator('#problems').getByText('paused by an operator').waitFor();
    const lacks = page.locator('#members tr').filter({ hasText: 'edge' });
    await lacks.getByText(/\d+ commits?/).waitFor();
    await page
      .locator('#live')
      .getByText('This sidecar is cut off.')
      .waitFor({ state: 'attached' });

    await hub.call('MeshService/Resume');
    await page.locator('svg.map [data-name="edge"][data-tie="direct"]').waitFor();
    await rowOf(page, 'edge').getByText('alive').waitFor();
    assert.equal(await node.count(), 1);
    assert.deepEqual(watched.complaints, []);
  });

  test('says that its own sidecar is gone, keeps what it knew, and goes on after the restart', async () => {
    await using site = new Site();
    await site.init('hub');
    const first = await site.start('hub', { args: ['--agent', 'one'] });
    await using one = agentOf(first, 'one');
    await one.heartbeat({ status: 'before' });
    await using watched = await openPage(browser);
    const { page } = watched;
    await page.goto(await dash(site, first));
    await rowOf(page, 'one').getByText('before').waitFor();
    const { apiAddress } = first;
    assert.equal((await first.end('SIGTERM')).code, 0);
    await page.getByText('The sidecar of this page does not answer.').waitFor();
    assert.equal(await rowOf(page, 'one').getByText('before').count(), 1);

    const second = await site.start('hub', { api: apiAddress, args: ['--agent', 'one'] });
    await untilLive(page);
    await using again = agentOf(second, 'one');
    await again.heartbeat({ status: 'after' });
    await rowOf(page, 'one').getByText('after').waitFor();
    assert.equal(await page.locator('.banner').count(), 0);
    assert.deepEqual(
      watched.complaints.filter((text) => !NO_ANSWER.test(text)),
      [],
    );
  });

  test('is for everybody: names and roles, keys alone, contrast in light and dark, a phone', async () => {
    await using site = new Site();
    await site.init('hub');
    const names = Array.from({ length: 40 }, (_, i) => `edge-${i + 1}`);
    const hub = await site.start('hub', { args: names.flatMap((name) => ['--agent', name]) });
    for (const name of names) {
      await using agent = agentOf(hub, name);
      await agent.heartbeat({ status: 'ok' });
    }
    const address = await dash(site, hub);
    await using watched = await openPage(browser, { colorScheme: 'light' });
    const { page } = watched;
    await page.goto(address);
    await rowOf(page, 'edge-1').waitFor();
    await page.getByText('40 agents', { exact: true }).waitFor();

    await page.locator('svg.map').waitFor();
    const tree = await page.locator('body').ariaSnapshot();
    for (const part of [
      /- banner:/,
      /- main:/,
      /- heading "holdfast" \[level=1\]/,
      /- region "What is wrong"/,
      /- region "Fleet"/,
      /- '?img "Map of the fleet as hub sees it: no other members/,
      /- region "Members, and what each side is missing"/,
      /- searchbox "Labels"/,
      /- group "Only agents that are"/,
      /- button "alive 40"/,
      /- columnheader "Presence"/,
      /- region "Commands"/,
    ]) {
      assert.match(tree, part);
    }
    assert.match(tree, /row "edge-1 alive/);

    await page.keyboard.press('Tab');
    assert.equal(await page.locator(':focus').textContent(), 'Skip to content');
    await page.keyboard.press('Enter');
    assert.equal(await page.locator(':focus').getAttribute('id'), 'main');
    await page.locator('.agents-scroll').focus();
    await page.keyboard.press('End');
    assert.equal(await page.locator(':focus').textContent(), 'edge-40');
    await page.keyboard.press('ArrowUp');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'edge-39' }).waitFor();
    assert.equal(await page.locator(':focus').textContent(), 'edge-39');
    await page.goBack();
    // The table is where it was.
    await rowOf(page, 'edge-39').waitFor();
    await page.locator('.agents-scroll').focus();
    await page.keyboard.press('Home');
    await rowOf(page, 'edge-1').waitFor();

    assert.deepEqual(await page.evaluate<Faint[]>(FAINT_TEXTS), []);
    const ground = () => page.evaluate<string>('getComputedStyle(document.body).backgroundColor');
    const light = await ground();
    await page.getByRole('button', { name: 'Dark' }).click();
    assert.notEqual(await ground(), light);
    assert.deepEqual(await page.evaluate<Faint[]>(FAINT_TEXTS), []);
    await page.reload();
    await untilLive(page);
    assert.notEqual(await ground(), light, 'the choice is kept');

    await using phone = await openPage(browser, {
      ...{ viewport: { width: 360, height: 740 }, colorScheme: 'dark', hasTouch: true },
    });
    await phone.page.goto(address);
    await rowOf(phone.page, 'edge-1').waitFor();
    const overflow = 'document.documentElement.scrollWidth - innerWidth';
    assert.ok((await phone.page.evaluate<number>(overflow)) <= 0, 'nothing is wider than a phone');
    assert.deepEqual(await phone.page.evaluate<Faint[]>(FAINT_TEXTS), []);
    assert.deepEqual([...watched.complaints, ...phone.complaints], []);
  });

  test('has a thousand agents, and no more rows on the page than are in sight', async () => {
    const agents = Array.from({ length: 1_000 }, (_, i) => `edge-${i}`);
    await using sidecar = await startTestSidecar({ agents });
    const { address, adminToken: token } = sidecar;
    for (const agent of agents) {
      await using client = createAgentClient({ address, token: sidecar.agentToken(agent) });
      await client.heartbeat({ status: 'ok' });
    }
    await using watched = await openPage(browser);
    const { page } = watched;
    await page.goto(`${address}/#token=${token}`);
    await page.getByText('1,000 agents', { exact: true }).waitFor();
    const rows = () => page.locator('tr[data-agent]').count();
    assert.ok((await rows()) <= 30, `${await rows()} rows`);
    await page.locator('.agents-scroll').focus();
    await page.keyboard.press('End');
    await rowOf(page, 'edge-999').waitFor();
    assert.ok((await rows()) <= 30, `${await rows()} rows`);
    await using last = createAgentClient({ address, token: sidecar.agentToken('edge-999') });
    await last.heartbeat({ status: 'degraded' });
    await rowOf(page, 'edge-999').getByText('degraded').waitFor();
    assert.equal(await page.locator(':focus').textContent(), 'edge-999');
    assert.deepEqual(watched.complaints, []);
  });
});
