// The secret of a fleet: how it is written, how a typing error is noticed, and that it shows nowhere.
import assert from 'node:assert/strict';
import { chmod, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { format, inspect } from 'node:util';
import fc from 'fast-check';
import {
  createFleetSecret,
  FleetSecret,
  loadFleetSecret,
  parseFleetSecret,
  storeFleetSecret,
} from '../../../src/sidecar/identity/fleet-secret.ts';
import { StartupError } from '../../../src/sidecar/startup-error.ts';
import { createSeededRandom } from '../../../src/testing/index.ts';
import { createTemporaryDirectory } from '../../support/temporary-directory.ts';

const random = createSeededRandom('fleet secret');
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const secretBytes = fc.uint8Array({ minLength: 32, maxLength: 32 });

describe('the text of a fleet secret', () => {
  it('is read back to the same secret and the same fleet', () => {
    fc.assert(
      fc.property(secretBytes, (bytes) => {
        const secret = new FleetSecret(bytes);
        const text = secret.reveal();
        assert.match(text, /^holdfast-open1-[a-z2-7]{56}$/);
        const parsed = parseFleetSecret(`  ${text.toUpperCase()}\n`);
        assert.deepEqual(parsed.key, bytes);
        assert.deepEqual(parsed.fleetId, secret.fleetId);
      }),
    );
  });

  it('is the same in every version', () => {
    const secret = new FleetSecret(new Uint8Array(32).fill(1));
    assert.equal(secret.reveal(), GOLDEN_TEXT);
    assert.equal(hex(secret.fleetId), GOLDEN_FLEET_ID);
  });

  it('with one wrong or two swapped characters is refused', () => {
    const letters = 'abcdefghijklmnopqrstuvwxyz234567';
    fc.assert(
      fc.property(secretBytes, fc.nat(55), fc.nat(30), (bytes, place, offset) => {
        const at = 'holdfast-open1-'.length + place;
        const text = new FleetSecret(bytes).reveal();
        const wrong = letters[(letters.indexOf(text[at]!) + 1 + offset) % 32];
        const mistyped = text.slice(0, at) + wrong + text.slice(at + 1);
        assert.throws(() => parseFleetSecret(mistyped), { message: /at least one .* mistyped/ });
        const next = Math.min(at, text.length - 2);
        fc.pre(text[next] !== text[next + 1]);
        const swapped = text.slice(0, next) + text[next + 1] + text[next] + text.slice(next + 2);
        assert.throws(() => parseFleetSecret(swapped), StartupError);
      }),
    );
  });

  it('is refused with the reason, and without quoting it', () => {
    const text = createFleetSecret(random).reveal();
    const cases: readonly [string, RegExp][] = [
      ['', /does not begin with holdfast-open1-/],
      [text.slice(9), /does not begin with/],
      [text.replace('open1', 'open2'), /does not begin with/],
      [text.slice(0, -1), /has 70 characters instead of 71/],
      [`${text}a`, /has 72 characters instead of 71/],
      [text.replace(/.$/, '1'), /other than a-z and 2-7/],
      [text.replace(/-(.)(.)([^-]*)$/, '-$1 $3'), /other than a-z and 2-7/],
    ];
    for (const [given, expected] of cases) {
      assert.throws(
        () => parseFleetSecret(given),
        (error) => {
          assert.ok(error instanceof StartupError);
          assert.match(error.message, expected);
          const shown = inspect(error);
          const secret = given.slice(-20);
          assert.ok(secret === '' || !shown.includes(secret));
          return true;
        },
      );
    }
  });
});

describe('a fleet secret', () => {
  it('shows nowhere but where it is revealed', () => {
    const secret = createFleetSecret(random);
    const text = secret.reveal().slice('holdfast-open1-'.length);
    const shown = [
      `${secret}`,
      JSON.stringify({ secret }),
      inspect({ secret }, { showHidden: true, depth: 9 }),
      format('%s %o %O %j', secret, secret, secret, secret),
      JSON.stringify(Object.entries(secret)),
    ].join('\n');
    assert.ok(shown.includes('[redacted]'));
    assert.ok(!shown.includes(text) && !shown.includes(hex(secret.key)));
    assert.ok(!shown.includes([...secret.key].join(',')));
  });

  it('names its fleet by something from which it cannot be computed', () => {
    const secret = createFleetSecret(random);
    assert.equal(secret.fleetId.length, 32);
    assert.notDeepEqual(secret.fleetId, secret.key);
    assert.notDeepEqual(createFleetSecret(random).fleetId, secret.fleetId);
  });

  it('has 32 bytes', () => {
    assert.throws(() => new FleetSecret(new Uint8Array(31)), RangeError);
  });
});

describe('fleet.key', () => {
  it('is absent on a node that joined no fleet', async () => {
    await using directory = await createTemporaryDirectory();
    assert.equal(await loadFleetSecret(directory.path), undefined);
  });

  it('keeps the secret for the owner alone', async () => {
    await using directory = await createTemporaryDirectory();
    const secret = createFleetSecret(random);
    await storeFleetSecret(directory.path, secret, random);
    const path = join(directory.path, 'fleet.key');
    assert.equal(await readFile(path, 'utf8'), `${secret.reveal()}\n`);
    assert.equal((await stat(path)).mode & 0o777, 0o600);
    assert.deepEqual((await loadFleetSecret(directory.path))?.key, secret.key);
  });

  it('takes the same secret again and refuses another', async () => {
    await using directory = await createTemporaryDirectory();
    const secret = createFleetSecret(random);
    await storeFleetSecret(directory.path, secret, random);
    await storeFleetSecret(directory.path, parseFleetSecret(secret.reveal()), random);
    const other = createFleetSecret(random);
    await assert.rejects(() => storeFleetSecret(directory.path, other, random), {
      name: 'StartupError',
      message: /already belongs to another fleet/,
    });
    assert.deepEqual((await loadFleetSecret(directory.path))?.key, secret.key);
  });

  it('is refused when others may read it, or when it is damaged', async () => {
    await using directory = await createTemporaryDirectory();
    const secret = createFleetSecret(random);
    await storeFleetSecret(directory.path, secret, random);
    const path = join(directory.path, 'fleet.key');
    await chmod(path, 0o644);
    await assert.rejects(() => loadFleetSecret(directory.path), { hint: /chmod 600/ });
    await chmod(path, 0o600);
    await writeFile(
      path,
      secret.reveal().replace(/.$/, (last) => (last === 'a' ? 'b' : 'a')),
    );
    await assert.rejects(() => loadFleetSecret(directory.path), {
      name: 'StartupError',
      message: `${path} is damaged: at least one character is mistyped.`,
    });
  });
});

const GOLDEN_TEXT = 'holdfast-open1-aeaqcaibaeaqcaibaeaqcaibaeaqcaibaeaqcaibaeaqcaibaearyhrj';
const GOLDEN_FLEET_ID = 'ca14eec3200fde46e7a11c1586a4f0016c6c63cdd24c05049db6aff5c7e8e43c';
