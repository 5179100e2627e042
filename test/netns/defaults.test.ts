// What sidecars with the options everybody has by default send beyond their LAN: nothing, although there is a default route.
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Site, waitFor } from '../e2e/support/site.ts';
import { doubtNamespaces } from '../support/netns.ts';
import { Network } from '../support/network.ts';

const run = promisify(execFile);
/** Longer than it takes to ask all bootstrap nodes of a DHT three times, and to announce oneself by multicast three times. */
const WATCHED_MS = 20_000;

/** Joins the groups of multicast DNS and of IGMP on the given address, so that the kernel counts them as multicast; ends with its stdin. */
const JOIN = `
  const socket = require('node:dgram').createSocket('udp4');
  socket.bind(0, () => {
    for (const group of ['224.0.0.251', '224.0.0.22']) socket.addMembership(group, process.argv[1]);
    console.log('joined');
  });
  process.stdin.on('end', () => process.exit()).resume();
`;
const KNOCK = `
  const socket = require('node:net').connect(9, '192.0.2.1');
  socket.on('error', () => process.exit());
  setTimeout(() => process.exit(), 500);
`;

/** What the router of a LAN was sent: it is the next hop to everywhere else, and hears no word between hosts of the LAN. */
class Router implements AsyncDisposable {
  readonly #inside: readonly string[];
  readonly #member: ReturnType<typeof spawn>;

  private constructor(inside: readonly string[], member: ReturnType<typeof spawn>) {
    this.#inside = inside;
    this.#member = member;
  }

  static async of(network: Network): Promise<Router> {
    const words = [...network.insideRouter.slice(1), process.execPath, '-e', JOIN];
    const member = spawn(network.insideRouter[0] ?? '', [...words, network.plan.gateway(1)], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const [word] = await once(member.stdout, 'data');
    assert.equal(String(word).trim(), 'joined');
    return new Router(network.insideRouter, member);
  }

  /** IP packets so far: those to all of a group, and those that somebody wants passed on. */
  async received(): Promise<{ multicast: number; others: number }> {
    const files = ['snmp', 'netstat', 'snmp6'].map((name) => `/proc/net/${name}`);
    const [program = '', ...words] = [...this.#inside, 'cat', ...files];
    const { stdout } = await run(program, words);
    const all = tableValue(stdout, 'Ip', 'InReceives') + lineValue(stdout, 'Ip6InReceives');
    const multicast =
      tableValue(stdout, 'IpExt', 'InMcastPkts') + lineValue(stdout, 'Ip6InMcastPkts');
    return { multicast, others: all - multicast };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = once(this.#member, 'exit');
    this.#member.stdin?.end();
    await ended;
  }
}

/** Of a pair of lines, names above values. */
function tableValue(text: string, table: string, name: string): number {
  const [names = [], values = []] = text
    .split('\n')
    .filter((line) => line.startsWith(`${table}:`))
    .map((line) => line.split(' '));
  return Number(values[names.indexOf(name)]);
}

function lineValue(text: string, name: string): number {
  return Number(new RegExp(`^${name}\\s+(\\d+)`, 'm').exec(text)?.[1]);
}

const skip = await doubtNamespaces();

describe('sidecars with the defaults on a LAN with a default route', {
  skip: skip ?? false,
}, () => {
  test('link and send nothing beyond it but multicast, unless the public DHT is asked for by name', async (t) => {
    await using network = await Network.create({
      sites: { a: ['alfalfa', 'bergamot', 'chicory'] },
      hasDefaultRoute: true,
    });
    await using router = await Router.of(network);
    await using site = new Site();
    await site.init('alfalfa');
    await site.init('bergamot', 'alfalfa');
    await site.init('chicory', 'alfalfa');
    const start = (name: string, ...args: string[]) =>
      site.start(name, {
        inside: network.host(name).inside,
        api: 'off',
        mesh: '0.0.0.0:7677',
        args,
      });

    const before = await router.received();
    const pair = [await start('alfalfa'), await start('bergamot')];
    await waitFor('a link', () => pair.every((one) => one.log('mesh.link_up').length > 0));
    await pause(WATCHED_MS);
    const after = await router.received();
    t.diagnostic(`multicast heard by the router: ${after.multicast - before.multicast} packets`);
    assert.ok(after.multicast - before.multicast >= 6, 'the router hears what is sent to all');
    assert.equal(after.others - before.others, 0);

    // It would have been seen.
    const { inside } = network.host('chicory');
    await run(inside[0] ?? '', [...inside.slice(1), process.execPath, '-e', KNOCK]);
    const knocked = await router.received();
    assert.ok(knocked.others > after.others, 'a connection to elsewhere');
    await start('chicory', '--dht', 'public');
    await waitFor('word to the public DHT', async () => {
      const { others } = await router.received();
      return others > knocked.others + 1;
    });
  });
});
