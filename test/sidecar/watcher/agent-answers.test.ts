// What agents that have not integrated answer, in the forms they have, and in forms they should not have.
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import type { JsonObject } from '../../../src/core/index.ts';
import {
  MAX_ENTRIES,
  readPackages,
  readPulledPackages,
  readStatus,
} from '../../../src/sidecar/watcher/agent-answers.ts';
import { jsonObject } from '../../support/json-arbitrary.ts';

const read = {
  status: (value: unknown) => readStatus(JSON.stringify(value)),
  packages: (value: unknown) => readPackages('edge-7', JSON.stringify(value)),
  pulled: (value: unknown) => readPulledPackages('edge-7', JSON.stringify(value)),
};

suite('a status', () => {
  test('becomes a heartbeat', () => {
    const beat = read.status({
      version: '1.4.2',
      architecture: 'amd64',
      classification: 'lab',
      k8sVersion: 'v1.30.1',
      k8sNodeStatus: 'Ready',
      zarfVersion: 'v0.40.0',
      runMode: 'server',
      systemTime: 1_700_000_000,
    });
    assert.deepEqual(beat, {
      status: 'Ready',
      workloads: [],
      labels: { architecture: 'amd64', classification: 'lab', 'run-mode': 'server' },
      versions: { agent: '1.4.2', kubernetes: 'v1.30.1', zarf: 'v0.40.0' },
      telemetry: {},
      extra: { observedBy: 'watcher' },
    });
  });

  test('may say nothing, and leaves out what is no line of text', () => {
    const { status, versions } = read.status({
      version: 7,
      k8sVersion: 'a\nb',
      zarfVersion: 'x'.repeat(257),
      k8sNodeStatus: '',
    });
    assert.deepEqual([status, versions], ['ok', {}]);
  });
});

suite('packages', () => {
  test('become deployments, with states as names or numbers', () => {
    const { valueById, nameless } = read.packages({
      packages: [
        { name: 'podinfo', version: '6.4.0', status: 'STATUS_DEPLOYED', flavor: 'upstream' },
        { name: 'init', version: '0.40.0', status: 2, annotations: { owner: 'ops', bad: 7 } },
        { name: 'podinfo', version: '6.5.0', namespaceOverride: 'test' },
      ],
    });
    assert.deepEqual(Object.fromEntries(valueById), {
      'edge-7:podinfo': {
        ...{ version: '6.4.0', state: 'STATUS_DEPLOYED', flavor: 'upstream' },
        observedBy: 'watcher',
      },
      'edge-7:init': {
        ...{ version: '0.40.0', state: '2', annotations: { owner: 'ops' } },
        observedBy: 'watcher',
      },
      'edge-7:podinfo@test': { version: '6.5.0', namespace: 'test', observedBy: 'watcher' },
    });
    assert.equal(nameless, 0);
  });

  test('without a name that an id can hold are counted, not guessed', () => {
    const names = ['a b', '', 'ü', 'x'.repeat(256), undefined, 7, 'ok', 'ok'];
    const { valueById, nameless } = read.packages({ packages: names.map((name) => ({ name })) });
    assert.deepEqual([...valueById.keys()], ['edge-7:ok']);
    assert.equal(nameless, 7);
  });

  test('that were pulled become packages, one each architecture, with 64-bit numbers as texts', () => {
    const tag = {
      reference: 'ghcr.io/a/podinfo:6.4.0',
      version: '6.4.0',
      totalBytes: '123456789012',
    };
    const { valueById } = read.pulled({
      registries: [
        {
          ...{ name: 'main', host: 'ghcr.io' },
          packages: [
            {
              ...{ repoName: 'a/podinfo', packageName: 'podinfo' },
              tags: [
                { ...tag, arch: 'amd64', pullInfo: { downloadedBytes: '5', status: 3 } },
                { ...tag, arch: 'arm64', totalBytes: -1 },
                { reference: 'ghcr.io/a/podinfo:old' },
              ],
            },
          ],
        },
        { name: 'empty' },
      ],
    });
    const same = { package: 'podinfo', registry: 'ghcr.io', observedBy: 'watcher' };
    const newer = { ...same, reference: tag.reference, version: '6.4.0' };
    assert.deepEqual(Object.fromEntries(valueById), {
      'edge-7:ghcr.io/a/podinfo:6.4.0-amd64': {
        ...newer,
        ...{ architecture: 'amd64', totalBytes: 123_456_789_012, state: '3' },
      },
      'edge-7:ghcr.io/a/podinfo:6.4.0-arm64': { ...newer, architecture: 'arm64' },
      'edge-7:ghcr.io/a/podinfo:old': { ...same, reference: 'ghcr.io/a/podinfo:old' },
    });
  });

  test('that are none are an empty list; too many are no list at all', () => {
    assert.equal(read.packages({}).valueById.size, 0);
    assert.equal(read.pulled({ registries: null }).valueById.size, 0);
    const many = (count: number) =>
      read.packages({ packages: Array.from({ length: count }, (_, n) => ({ name: `p${n}` })) });
    assert.equal(many(MAX_ENTRIES).valueById.size, MAX_ENTRIES);
    assert.throws(() => many(MAX_ENTRIES + 1), /more than 512; nothing of it was taken/);
  });
});

suite('an answer of another form', () => {
  for (const body of ['', '<html>', '[]', '"ok"', 'null', '7', '{"a":', '['.repeat(100_000)]) {
    test(`is refused whole: ${body.slice(0, 12)}`, () => {
      for (const reads of [
        () => readStatus(body),
        () => readPackages('a', body),
        () => readPulledPackages('a', body),
      ]) {
        assert.throws(reads, { name: 'MalformedAnswerError' });
      }
    });
  }

  test('in part is refused whole, so that nothing is taken for gone', () => {
    for (const packages of [{}, 'x', [1], [{ name: 'a' }, null], [['a']]]) {
      assert.throws(() => read.packages({ packages }), /has no list of objects in "packages"/);
      assert.throws(() => read.pulled({ registries: [{ packages }] }), /"packages"/);
    }
    assert.throws(() => read.pulled({ registries: [{ packages: [{ tags: 7 }] }] }), /"tags"/);
  });

  test('never makes a document that cannot be written', () => {
    fc.assert(
      fc.property(fc.array(jsonObject), (packages: JsonObject[]) => {
        const { valueById } = read.packages({ packages });
        for (const [id, value] of valueById) {
          assert.ok(id.startsWith('edge-7:') && id.length <= 256);
          assert.ok(JSON.stringify(value).length < 65_536);
          assert.ok(!Object.hasOwn(value, '__proto__'));
        }
      }),
    );
  });
});
