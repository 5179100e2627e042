// The network of the tests itself: its faults do what they say, and silent ones are silent.
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import process from 'node:process';
import { describe, test } from 'node:test';
import { promisify } from 'node:util';
import { doubtNamespaces, NamespaceSet, removeLeftovers } from '../support/netns.ts';
import { type Host, Network } from '../support/network.ts';

const run = promisify(execFile);
const SITES = { a: ['a1', 'a2'], b: ['b1'] } as const;

/** What becomes of a connection to a port at which nobody listens: the refusal shows that packets pass both ways. */
const KNOCK = `
  const socket = require('node:net').connect(9, process.argv[1]);
  const tell = (word) => { console.log(word); process.exit(); };
  socket.on('error', (error) => tell(error.code)).on('connect', () => tell('connected'));
  setTimeout(() => tell('silence'), 1500);
`;

async function knock(from: Host, to: Host): Promise<string> {
  const [program, ...words] = [...from.inside, process.execPath, '-e', KNOCK, to.address];
  return (await run(program, words)).stdout.trim();
}

/** Segments of TCP that a host got so far. */
async function segmentsAt(host: Host): Promise<number> {
  const [program, ...words] = [...host.inside, 'cat', '/proc/net/snmp'];
  const { stdout } = await run(program, words);
  const [names = [], values = []] = stdout
    .split('\n')
    .filter((line) => line.startsWith('Tcp:'))
    .map((line) => line.split(' '));
  return Number(values[names.indexOf('InSegs')]);
}

const skip = await doubtNamespaces();

describe('a network of sites', { skip: skip ?? false }, () => {
  for (const family of [4, 6] as const) {
    test(`passes packets between and within sites, without a default route, with IPv${family}`, async () => {
      await using network = await Network.create({ sites: SITES, family });
      const [a1, a2, b1] = ['a1', 'a2', 'b1'].map((name) => network.host(name));
      assert.equal(await knock(a1!, a2!), 'ECONNREFUSED');
      assert.equal(await knock(a1!, b1!), 'ECONNREFUSED');
      const outside = { ...b1!, address: family === 4 ? '192.0.2.1' : '2001:db8::1' };
      assert.equal(await knock(a1!, outside), 'ENETUNREACH');
    });

    test(`loses packets silently, in one direction or both, with IPv${family}`, async () => {
      await using network = await Network.create({ sites: SITES, family });
      const [a1, b1] = ['a1', 'b1'].map((name) => network.host(name));
      const repair = await network.silence('a', 'out');
      const before = await segmentsAt(b1!);
      assert.equal(await knock(a1!, b1!), 'silence');
      assert.equal(await segmentsAt(b1!), before, 'nothing came');
      const beforeAtA = await segmentsAt(a1!);
      assert.equal(await knock(b1!, a1!), 'silence');
      assert.ok((await segmentsAt(a1!)) > beforeAtA, 'the other direction goes on');
      await repair();
      assert.equal(await knock(a1!, b1!), 'ECONNREFUSED');
    });
  }

  test('loses packets silently within a site', async () => {
    await using network = await Network.create({ sites: SITES });
    const [a1, a2, b1] = ['a1', 'a2', 'b1'].map((name) => network.host(name));
    const unite = await network.isolate('a1', 'a2');
    assert.equal(await knock(a1!, a2!), 'silence');
    assert.equal(await knock(a1!, b1!), 'ECONNREFUSED', 'the router is not isolated');
    await unite();
    assert.equal(await knock(a1!, a2!), 'ECONNREFUSED');
    const before = await segmentsAt(a2!);
    const hear = await network.deafen('a1', 'a2');
    assert.equal(await knock(a1!, a2!), 'silence');
    assert.equal(await segmentsAt(a2!), before);
    await hear();
    assert.equal(await knock(a1!, a2!), 'ECONNREFUSED');
  });

  test('takes interfaces down and up, and moves hosts', async () => {
    await using network = await Network.create({ sites: SITES });
    const [a1, a2, b1] = ['a1', 'a2', 'b1'].map((name) => network.host(name));
    for (const fault of [
      () => network.cutSite('a'),
      () => network.takeDown('a1'),
      () => network.unplug('a1'),
    ]) {
      const repair = await fault();
      assert.match(await knock(a1!, b1!), /^(?:silence|ENETUNREACH|EHOSTUNREACH)$/);
      await repair();
      assert.equal(await knock(a1!, b1!), 'ECONNREFUSED');
    }
    const old = { ...a2!, address: a2!.address };
    await network.move('a2', 77);
    assert.equal(await knock(a1!, network.host('a2')), 'ECONNREFUSED');
    assert.equal(await knock(network.host('a2'), b1!), 'ECONNREFUSED');
    assert.match(await knock(a1!, old), /^(?:silence|EHOSTUNREACH)$/);
  });

  test('limits a rate', async () => {
    await using network = await Network.create({ sites: SITES });
    const repair = await network.limitRate('a', 64);
    assert.equal(await knock(network.host('a1'), network.host('b1')), 'ECONNREFUSED');
    await repair();
  });

  test('leaves nothing behind, and removes what a killed run left', async () => {
    const ours = async (): Promise<string[]> => {
      const { stdout } = await run('ip', ['netns', 'list']);
      return stdout.split('\n').filter((line) => line.startsWith(`hn${process.pid}-`));
    };
    await (await Network.create({ sites: SITES }))[Symbol.asyncDispose]();
    assert.deepEqual(await ours(), []);

    const gone = spawn('true');
    await once(gone, 'exit');
    const name = `hn${gone.pid}-0-left`;
    await run('ip', ['netns', 'add', name]);
    const left = spawn('ip', ['netns', 'exec', name, 'sleep', '60']);
    const ended = once(left, 'exit');
    await once(left, 'spawn');
    await using kept = new NamespaceSet();
    const { name: keptName } = await kept.add('kept');
    await removeLeftovers();
    const { stdout } = await run('ip', ['netns', 'list']);
    assert.ok(!stdout.includes(name) && stdout.includes(keptName), stdout);
    // It may have been killed before it entered.
    left.kill('SIGKILL');
    await ended;
  });
});
