// What an operator reads of a member: one line a condition under a stable name, repetitions counted, no keys in hex.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { formatNodeId } from '../../src/core/index.ts';
import type { Log } from '../../src/sidecar/log.ts';
import type { SupervisorReport } from '../../src/sidecar/member/supervisor-report.ts';
import { createReporter } from '../../src/sidecar/reporter.ts';
import { sodiumCrypto } from '../../src/sidecar/sodium-crypto.ts';
import { ManualClock } from '../../src/testing/index.ts';

interface Line {
  readonly level: keyof Log;
  readonly event: string;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly message: string;
}

const NODE = 'ab'.repeat(32);
const SHOWN = formatNodeId(NODE, sodiumCrypto);
const MINUTE_MS = 60_000;
const OWN_ADDRESS = 'that address is this sidecar itself';
const OTHER_VERSION = 'it speaks protocol 2, this sidecar 1; bring both to a common version';

class Reported {
  readonly clock = new ManualClock();
  readonly lines: Line[] = [];
  readonly report: (report: SupervisorReport) => void;

  constructor() {
    const write =
      (level: keyof Log): Log['info'] =>
      (event, fields, message) =>
        this.lines.push({ level, event, fields, message });
    const log = {
      debug: write('debug'),
      info: write('info'),
      warn: write('warn'),
      error: write('error'),
    };
    this.report = createReporter(log, this.clock, sodiumCrypto);
  }

  /** Level, event and message of each line so far, and forgets them. */
  take(): string[] {
    return this.lines.splice(0).map(({ level, event, message }) => `${level} ${event} ${message}`);
  }
}

function dialFailed(attempts: number, reason = 'connection refused'): SupervisorReport {
  const versionMismatch = reason === OTHER_VERSION;
  const triesOn = reason !== OWN_ADDRESS;
  return { type: 'dial-failed', address: 'hub:7677', reason, attempts, versionMismatch, triesOn };
}

function refused(address: string, reason: string): SupervisorReport {
  return { type: 'refused', address, reason, versionMismatch: reason === OTHER_VERSION };
}

const UP: SupervisorReport = {
  ...{ type: 'link-up', nodeId: NODE, address: 'hub:7677', outbound: true },
};

describe('links', () => {
  test('are told when they come and go, by the ids people know', () => {
    const reported = new Reported();
    reported.report(UP);
    reported.report({ type: 'link-down', nodeId: NODE, name: 'hub', reason: 'it stops' });
    reported.report({ type: 'link-down', nodeId: NODE, name: '', reason: 'connection lost' });
    assert.deepEqual(
      reported.lines.map(({ fields }) => fields),
      [
        { node: SHOWN, address: 'hub:7677', outbound: true },
        { node: SHOWN, name: 'hub', reason: 'it stops' },
        { node: SHOWN, name: '', reason: 'connection lost' },
      ],
    );
    assert.deepEqual(reported.take(), [
      'info mesh.link_up linked to hub:7677',
      'warn mesh.link_down lost the link to hub: it stops',
      `warn mesh.link_down lost the link to ${SHOWN}: connection lost`,
    ]);
  });
});

describe('an address that was found', () => {
  test('is told of when it is given up, and when somebody else is there than was said', () => {
    const reported = new Reported();
    const address = '10.0.0.9:7677';
    reported.report({ type: 'contact-given-up', address, reason: 'no answer', attempts: 12 });
    const expected = 'cd'.repeat(32);
    const corrected = { type: 'contact-corrected', address, expected, nodeId: NODE } as const;
    reported.report(corrected);
    reported.report(corrected);
    const [givenUp, first, ...more] = reported.take();
    assert.equal(
      givenUp,
      `info mesh.contact_given_up ${address} was found and leads nowhere: no answer; it is not tried any more`,
    );
    assert.ok(
      first?.startsWith(`warn mesh.contact_corrected ${address} is ${SHOWN}, and was said`),
    );
    assert.deepEqual(more, [], 'once a minute');
  });
});

describe('a peer that stays away', () => {
  test('to the own address are not said to go on', () => {
    const reported = new Reported();
    reported.report(dialFailed(1, OWN_ADDRESS));
    assert.deepEqual(reported.take(), [
      `warn mesh.dial_failed no link to hub:7677: ${OWN_ADDRESS}; not tried again before the network changes`,
    ]);
  });

  test('is told once a minute, with how often it was tried in between', () => {
    const reported = new Reported();
    for (let attempt = 1; attempt <= 9; attempt++) {
      reported.report(dialFailed(attempt));
      reported.clock.advance(10_000);
    }
    const fields = reported.lines.map(({ fields: each }) => [each.attempts, each.silenced]);
    assert.deepEqual(fields, [
      [1, 0],
      [7, 5],
    ]);
    assert.equal(
      reported.take()[0],
      'warn mesh.dial_failed no link to hub:7677: connection refused; trying on',
    );
  });

  test('is told again at once when the reason changes, or after it was linked', () => {
    const reported = new Reported();
    reported.report(dialFailed(1));
    reported.report(dialFailed(2, 'no answer'));
    reported.report(dialFailed(3, 'no answer'));
    reported.report(UP);
    reported.report(dialFailed(1, 'no answer'));
    assert.deepEqual(
      reported.lines.map(({ event, fields }) => `${event} ${fields.reason ?? ''}`.trim()),
      [
        'mesh.dial_failed connection refused',
        'mesh.dial_failed no answer',
        'mesh.link_up',
        'mesh.dial_failed no answer',
      ],
    );
  });

  test('does not silence another one', () => {
    const reported = new Reported();
    reported.report(dialFailed(1));
    reported.report({ ...dialFailed(1), address: 'other:7677' } as SupervisorReport);
    assert.equal(reported.lines.length, 2);
  });

  test('because of its version has a name of its own', () => {
    const reported = new Reported();
    reported.report(dialFailed(1, OTHER_VERSION));
    assert.deepEqual(
      reported.lines.map(({ event }) => event),
      ['mesh.version_mismatch'],
    );
  });
});

describe('strangers', () => {
  test('are told once a host and reason, whatever port they come from', () => {
    const reported = new Reported();
    for (let port = 1; port <= 100; port++) {
      reported.report(refused(`10.0.0.7:${port}`, 'it does not hold the secret of this fleet'));
    }
    reported.report(refused('10.0.0.8:1', 'it does not hold the secret of this fleet'));
    reported.report(refused('[fd00::7]:1', 'it said no hello in time'));
    reported.report(refused('[fd00::7]:2', 'it said no hello in time'));
    assert.deepEqual(reported.take(), [
      'warn mesh.peer_refused refused 10.0.0.7:1: it does not hold the secret of this fleet',
      'warn mesh.peer_refused refused 10.0.0.8:1: it does not hold the secret of this fleet',
      'warn mesh.peer_refused refused [fd00::7]:1: it said no hello in time',
    ]);
    reported.clock.advance(MINUTE_MS);
    reported.report(refused('10.0.0.7:101', 'it does not hold the secret of this fleet'));
    assert.equal(reported.lines[0]?.fields.silenced, 99);
  });

  test('that share a host do not make each other news again', () => {
    const reported = new Reported();
    for (let port = 1; port <= 10; port++) {
      reported.report(refused(`10.0.0.7:${port}`, port % 2 === 0 ? OTHER_VERSION : 'it is HTTP'));
    }
    assert.deepEqual(
      reported.lines.map(({ event }) => event),
      ['mesh.peer_refused', 'mesh.version_mismatch'],
    );
  });

  test('of another version have a name of their own', () => {
    const reported = new Reported();
    reported.report(refused('10.0.0.7:1', OTHER_VERSION));
    assert.deepEqual(reported.take(), [
      `warn mesh.version_mismatch refused 10.0.0.7:1: ${OTHER_VERSION}`,
    ]);
  });
});

describe('the member itself', () => {
  test('is a warning where a peer is to blame, and an error with its stack where we are', () => {
    const reported = new Reported();
    const fault = new TypeError('undefined is not a function');
    reported.report({
      type: 'core',
      event: 'core.void_ops',
      detail: 'commit 3',
      fault: undefined,
    });
    reported.report({ type: 'core', event: 'core.request_fault', detail: 'put', fault });
    assert.equal(reported.lines[1]?.fields.error, fault);
    assert.deepEqual(reported.take(), [
      'warn core.void_ops commit 3',
      'error core.request_fault fault in put',
    ]);
  });

  test('tells of rebuilt views and of a failed store', () => {
    const reported = new Reported();
    const error = new Error('No space left on device');
    reported.report({ type: 'views-rebuilt', documents: 12 });
    reported.report({ type: 'store-failed', error });
    assert.deepEqual(
      reported.lines.map(({ fields }) => fields),
      [{ documents: 12 }, { error }],
    );
    assert.deepEqual(reported.take(), [
      'warn store.views_rebuilt views were lost and rebuilt from commits: 12 documents',
      'error store.failed the store failed; nothing is acknowledged until it was opened again and checked',
    ]);
  });
});

test('what is told and read of addresses: what others are told, and once a minute who tells nonsense', () => {
  const reported = new Reported();
  reported.report({ type: 'addresses-stated', addresses: ['192.0.2.7:7677', 'edge-7:7677'] });
  reported.report({ type: 'addresses-stated', addresses: [] });
  assert.deepEqual(reported.take(), [
    'info mesh.addresses_stated others are told to dial 192.0.2.7:7677, edge-7:7677',
    'info mesh.addresses_stated others are told to dial nowhere',
  ]);
  const ignored = {
    type: 'statement-ignored',
    nodeId: NODE,
    reason: 'addresses is no list',
  } as const;
  for (let n = 1; n <= 5; n++) reported.report({ ...ignored, ignored: n });
  reported.clock.advance(MINUTE_MS);
  reported.report({ ...ignored, ignored: 6 });
  assert.deepEqual(
    reported.lines.map(({ fields }) => [fields.node, fields.ignored, fields.silenced]),
    [
      [SHOWN, 1, 0],
      [SHOWN, 6, 4],
    ],
  );
});

test('quiet hours are told when they begin and when they are over', () => {
  const reported = new Reported();
  const reason = 'quiet hours of satellite links until 06:00 UTC';
  reported.report({ type: 'quiet', linkClass: 'satellite', reason, closed: 2 });
  reported.report({ type: 'quiet-over', linkClass: 'satellite' });
  assert.deepEqual(reported.take(), [
    `info mesh.quiet_hours ${reason}; links closed: 2`,
    'info mesh.quiet_hours_over quiet hours of satellite links are over',
  ]);
});
