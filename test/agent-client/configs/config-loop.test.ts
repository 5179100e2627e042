// The loop that keeps an agent at its configuration: reports before and after, keeps the last known good, and outlives its sidecar.
import assert from 'node:assert/strict';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { ConfigLoop } from '../../../src/agent-client/configs/config-loop.ts';
import type {
  ConfigEvent,
  ConfigLoopOptions,
} from '../../../src/agent-client/configs/config-types.ts';
import type {
  ConfigReport,
  DesiredConfig,
} from '../../../src/agent-client/configs/config-values.ts';
import { HoldfastClientError } from '../../../src/agent-client/error.ts';
import type { JsonObject } from '../../../src/agent-client/types.ts';
import { createTemporaryDirectory } from '../../support/temporary-directory.ts';
import { settle, testEnvironment, until } from '../support.ts';

const POLL_MS = 30_000;
const ENTRY = {
  ...{ name: 'base', agent: 'edge', selector: '', role: '', patch: {}, priority: 5 },
  ...{ revision: 'r', version: 1, issuedAt: undefined, requestedBy: 'hub', superseded: false },
};
const AWAY = new HoldfastClientError('unavailable', 'nobody answers', { unreachable: true });

/** A sidecar that wants what the test says. */
class Wants {
  desired: DesiredConfig = this.of('', {}, { entries: [] });
  away = false;
  /** Thrown by the next reports. */
  readonly refusals: HoldfastClientError[] = [];
  readonly reports: string[] = [];
  reads = 0;
  #wake: ((hash: string) => void)[] = [];

  of(hash: string, config: JsonObject, rest: Partial<DesiredConfig> = {}): DesiredConfig {
    return {
      ...{ agent: 'edge', config, hash, entries: [ENTRY], secretPaths: [], closed: [] },
      ...{ effectiveHash: this.desired?.effectiveHash ?? '', unchanged: false, ...rest },
    };
  }

  want(hash: string, config: JsonObject, rest: Partial<DesiredConfig> = {}): void {
    this.desired = this.of(hash, config, rest);
    for (const wake of this.#wake.splice(0)) wake(hash);
  }

  readonly port = {
    desiredConfig: async (): Promise<DesiredConfig> => {
      this.reads += 1;
      if (this.away) throw AWAY;
      return this.desired;
    },
    reportConfig: async (report: ConfigReport): Promise<never> => {
      if (this.away) throw AWAY;
      const refusal = this.refusals.shift();
      if (refusal !== undefined) throw refusal;
      const message = report.state === 'failed' ? `: ${report.message}` : '';
      this.reports.push(`${report.state} ${report.hash}${message}`);
      if (report.state === 'applied') {
        this.desired = { ...this.desired, effectiveHash: report.hash };
      }
      return undefined as never;
    },
    watchDesired: (signal: AbortSignal) => this.#watch(signal),
  };

  async *#watch(signal: AbortSignal) {
    let { hash } = this.desired;
    while (!signal.aborted) {
      if (this.away) throw AWAY;
      yield { hash, blocked: '' };
      hash = await new Promise<string>((resolve, reject) => {
        this.#wake.push(resolve);
        signal.addEventListener('abort', () => reject(AWAY));
      });
    }
  }
}

function watching(wants: Wants, options: ConfigLoopOptions = {}) {
  const environment = testEnvironment();
  const events: ConfigEvent[] = [];
  const applied: string[] = [];
  /** Thrown by the handler for these hashes. */
  const faults = new Map<string, unknown>();
  const port = { ...wants.port } as ConstructorParameters<typeof ConfigLoop>[0];
  const loop = new ConfigLoop(
    port,
    async ({ hash, config, previous }) => {
      applied.push(`${hash} ${JSON.stringify(config)} over ${previous?.hash ?? 'nothing'}`);
      if (faults.has(hash)) throw faults.get(hash);
    },
    { ...options, onEvent: (event) => events.push(event) },
    environment,
  );
  const types = () => events.map(({ type }) => type);
  return { ...environment, loop, events, types, applied, faults };
}

suite('watching a configuration', () => {
  test('applies it at the start and whenever it changes, and reports before and after', async () => {
    const wants = new Wants();
    wants.want('one', { n: 1 });
    const { loop, applied } = watching(wants);
    await until(() => wants.reports.length === 2);
    wants.want('two', { n: 2 });
    await until(() => wants.reports.length === 4);
    assert.deepEqual(applied, ['one {"n":1} over nothing', 'two {"n":2} over one']);
    assert.deepEqual(wants.reports, [
      'attempted one',
      'applied one',
      'attempted two',
      'applied two',
    ]);
    await loop.stop();
  });

  test('calls nobody while nothing is wanted, and the handler with nothing when all was taken back', async () => {
    const wants = new Wants();
    const { loop, applied } = watching(wants);
    await settle();
    assert.deepEqual([applied, wants.reports], [[], []]);
    wants.want('one', { n: 1 });
    await until(() => wants.reports.length === 2);
    wants.want('none', {}, { entries: [] });
    await until(() => wants.reports.length === 4);
    assert.deepEqual(applied.at(-1), 'none {} over one');
    await loop.stop();
  });

  test('sees by its poll what the watch did not say', async () => {
    const wants = new Wants();
    const { loop, clock } = watching(wants);
    await settle();
    wants.desired = wants.of('one', { n: 1 });
    await clock.advanceSettled(POLL_MS);
    await until(() => wants.reports.includes('applied one'));
    await loop.stop();
  });

  test('keeps what is in effect when another one fails, and tries that again only later or when it changes', async () => {
    const wants = new Wants();
    wants.want('one', { n: 1 });
    const { loop, clock, applied, faults, events } = watching(wants);
    await until(() => wants.reports.length === 2);
    faults.set('two', new Error('no such n'));
    wants.want('two', { n: 2 });
    await until(() => wants.reports.length === 4);
    assert.equal(wants.reports.at(-1), 'failed two: no such n');
    assert.deepEqual(events.at(-1), {
      type: 'failed',
      hash: 'two',
      message: 'no such n',
      retryInMs: 60_000,
    });
    await clock.advanceSettled(59_000);
    assert.equal(applied.length, 2, 'not before a minute');
    await clock.advanceSettled(1_000);
    await until(() => applied.length === 3);
    await settle();
    await clock.advanceSettled(119_000);
    assert.equal(applied.length, 3, 'then not before two');
    wants.want('three', { n: 3 });
    await until(() => wants.reports.at(-1) === 'applied three');
    assert.equal(applied.at(-1), 'three {"n":3} over one', 'the last known good is still one');
    await loop.stop();
  });

  test('takes opened secrets out of what it says of a failure', async () => {
    const wants = new Wants();
    const { loop, faults } = watching(wants);
    faults.set('one', new Error('cannot log in with hunter2-long, nor hunter2, at 10.0.0.1'));
    const config = { wifi: { password: 'hunter2' }, tls: { key: ['hunter2-long'] } };
    wants.want('one', config, {
      secretPaths: [
        ['wifi', 'password'],
        ['tls', 'key'],
      ],
    });
    await until(() => wants.reports.length === 2);
    const said = 'failed one: cannot log in with [redacted], nor [redacted], at 10.0.0.1';
    assert.equal(wants.reports[1], said);
    await loop.stop();
  });

  test('does not apply what holds a sealed value that did not open', async () => {
    const wants = new Wants();
    const { loop, applied } = watching(wants);
    const closed = [{ path: ['wifi', 'password'], why: 'it is sealed for another key' }];
    wants.want('one', { wifi: { password: '[redacted]' } }, { closed });
    await until(() => wants.reports.length === 1);
    assert.deepEqual(applied, []);
    assert.match(
      wants.reports[0] ?? '',
      /^failed one: .*wifi\.password did not open: it is sealed/,
    );
    await loop.stop();
  });

  test('says later what it could not say at once, and drops what is refused', async () => {
    const wants = new Wants();
    wants.refusals.push(AWAY, AWAY);
    wants.want('one', { n: 1 });
    const { loop, clock, applied, types } = watching(wants);
    await until(() => types().includes('retrying'));
    assert.deepEqual([applied.length, wants.reports], [1, []]);
    await clock.advanceSettled(1_000);
    await until(() => wants.reports.includes('applied one'));
    assert.equal(applied.length, 1, 'it is not applied again for it');
    const refused = new HoldfastClientError('failed_precondition', 'not granted', {
      reason: 'NOT_GRANTED',
    });
    wants.refusals.push(refused, refused);
    wants.want('two', { n: 2 });
    await until(() => applied.length === 2);
    await settle();
    assert.deepEqual(wants.reports, ['applied one']);
    await loop.stop();
  });

  test('ends with its handler told, and two stops are one', async () => {
    const wants = new Wants();
    wants.want('one', { n: 1 });
    const { clock, timers, random } = testEnvironment();
    const told = Promise.withResolvers<void>();
    const port = { ...wants.port } as ConstructorParameters<typeof ConfigLoop>[0];
    const loop = new ConfigLoop(
      port,
      ({ signal }) =>
        new Promise((_, reject) => {
          told.resolve();
          signal.addEventListener('abort', () => reject(new Error('told to end')));
        }),
      {},
      { clock, timers, random },
    );
    await told.promise;
    await Promise.all([loop.stop(), loop.stop()]);
    assert.ok(loop.ended);
    assert.deepEqual(wants.reports, ['attempted one'], 'what was cut short did not fail');
    assert.equal(clock.pending, 0, 'no timer is left');
  });
});

suite('the last known good', () => {
  const seen = (events: readonly ConfigEvent[]) =>
    events.map((event) => ('hash' in event ? `${event.type} ${event.hash}` : event.type));

  /** Files take their time, and no clock of the test moves it. */
  async function eventually(isSo: () => boolean): Promise<void> {
    for (let turn = 0; turn < 5_000 && !isSo(); turn++) {
      await stat('/');
    }
    assert.ok(isSo(), isSo.toString());
  }

  test('is kept in a file for its owner alone, and applied at a start without a sidecar', async () => {
    await using directory = await createTemporaryDirectory();
    const lastKnownGood = join(directory.path, 'config.json');
    const wants = new Wants();
    wants.want('one', { n: 1 });
    const first = watching(wants, { lastKnownGood });
    await eventually(() => wants.reports.length === 2);
    await first.loop.stop();
    assert.deepEqual(JSON.parse(await readFile(lastKnownGood, 'utf8')), {
      hash: 'one',
      config: { n: 1 },
    });
    assert.equal((await stat(lastKnownGood)).mode & 0o777, 0o600);

    wants.away = true;
    const second = watching(wants, { lastKnownGood });
    await eventually(() => second.applied.length === 1);
    assert.deepEqual(second.applied, ['one {"n":1} over nothing']);
    assert.deepEqual(
      second.events.find(({ type }) => type === 'applied'),
      {
        type: 'applied',
        hash: 'one',
        from: 'file',
      },
    );
    wants.away = false;
    await second.clock.advanceSettled(10_000);
    await settle();
    assert.equal(second.applied.length, 1, 'it is in effect already');
    await second.loop.stop();
  });

  test('is applied where what is wanted fails at the start, and the fleet is told of the failure', async () => {
    await using directory = await createTemporaryDirectory();
    const lastKnownGood = join(directory.path, 'config.json');
    await writeFile(lastKnownGood, JSON.stringify({ hash: 'good', config: { n: 0 } }));
    const wants = new Wants();
    wants.want('bad', { n: 1 }, { effectiveHash: 'good' });
    const { loop, applied, faults, events } = watching(wants, { lastKnownGood });
    faults.set('bad', new Error('no'));
    await eventually(() => wants.reports.length === 2);
    assert.deepEqual(applied, ['bad {"n":1} over good', 'good {"n":0} over nothing']);
    assert.deepEqual(wants.reports, ['attempted bad', 'failed bad: no']);
    assert.deepEqual(seen(events), ['failed bad', 'applied good']);
    await loop.stop();
  });

  test('that cannot be read is told of, without a word of it, and the loop goes on', async () => {
    await using directory = await createTemporaryDirectory();
    const lastKnownGood = join(directory.path, 'config.json');
    await writeFile(lastKnownGood, '{"config": {"password": "hunter2"}');
    const wants = new Wants();
    wants.want('one', { n: 1 });
    const { loop, events } = watching(wants, { lastKnownGood });
    await eventually(() => wants.reports.length === 2);
    assert.deepEqual(seen(events), ['file-failed', 'applied one']);
    const [event] = events;
    assert.doesNotMatch(String(event?.type === 'file-failed' && event.error), /hunter2/);
    await loop.stop();
  });
});
