// A real agent that dies at every point of a command, and a sidecar that dies around the claim: what ran how often, and what is told of it.
//
// An effect is two lines in a file, each synced: one when it begins, one when it is done.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import type { JsonObject } from '../../src/core/index.ts';
import type { RunningSidecar } from './support/running-sidecar.ts';
import { Site, waitFor } from './support/site.ts';

const AGENT = join(import.meta.dirname, 'support', 'crashing-agent.ts');
/** What crashes side by side: each at an agent of its own. */
const LANES = [
  { agent: 'edge-0', effect: 'idempotent', hasJournal: false },
  { agent: 'edge-1', effect: 'idempotent', hasJournal: true },
  { agent: 'edge-2', effect: 'at_most_once', hasJournal: false },
  { agent: 'edge-3', effect: 'at_most_once', hasJournal: true },
] as const;
const START = { args: LANES.flatMap(({ agent }) => ['--agent', agent]) };

type Lane = (typeof LANES)[number];
type Effect = Lane['effect'];

interface Expected {
  readonly state: string;
  readonly attempt: number;
  /** How often it began, and how often it was done. */
  readonly began: number;
  readonly done: number;
}

const ONCE: Expected = { state: 'SUCCEEDED', attempt: 1, began: 1, done: 1 };
/** The first attempt was interrupted before its first line, in the middle, and behind its last. */
const AGAIN_UNTOUCHED: Expected = { ...ONCE, attempt: 2 };
const AGAIN_FROM_MIDDLE: Expected = { ...ONCE, attempt: 2, began: 2 };
const AGAIN_TWICE: Expected = { state: 'SUCCEEDED', attempt: 2, began: 2, done: 2 };
const UNKNOWN_UNTOUCHED: Expected = { state: 'UNKNOWN', attempt: 1, began: 0, done: 0 };
const UNKNOWN_BEGUN: Expected = { ...UNKNOWN_UNTOUCHED, began: 1 };
const UNKNOWN_DONE: Expected = { ...UNKNOWN_BEGUN, done: 1 };

/** By point, effect, and whether there is a journal. What is better with one is what nobody touched, and what was written down. */
const POINTS: Readonly<Record<string, Readonly<Record<Effect, readonly [Expected, Expected]>>>> = {
  'before the claim': { idempotent: [ONCE, ONCE], at_most_once: [ONCE, ONCE] },
  'after the claim': {
    idempotent: [AGAIN_UNTOUCHED, ONCE],
    at_most_once: [UNKNOWN_UNTOUCHED, ONCE],
  },
  'before the effect': {
    idempotent: [AGAIN_UNTOUCHED, AGAIN_UNTOUCHED],
    at_most_once: [UNKNOWN_UNTOUCHED, UNKNOWN_UNTOUCHED],
  },
  'in the effect': {
    idempotent: [AGAIN_FROM_MIDDLE, AGAIN_FROM_MIDDLE],
    at_most_once: [UNKNOWN_BEGUN, UNKNOWN_BEGUN],
  },
  'after the effect': {
    idempotent: [AGAIN_TWICE, AGAIN_TWICE],
    at_most_once: [UNKNOWN_DONE, UNKNOWN_DONE],
  },
  'before the report': {
    idempotent: [AGAIN_TWICE, ONCE],
    at_most_once: [UNKNOWN_DONE, ONCE],
  },
  'after the report': { idempotent: [ONCE, ONCE], at_most_once: [ONCE, ONCE] },
};

const SIDECAR_POINTS = [
  'sidecar before the claim',
  'sidecar before the answer',
  'sidecar after the answer',
];

suite('a crash around a command', () => {
  let site: Site;
  let sidecar: RunningSidecar;
  const agents = new Set<ChildProcess>();
  let number = 0;

  before(async () => {
    site = new Site();
    await site.init('a');
    sidecar = await site.start('a', START);
  });

  after(async () => {
    for (const agent of agents) agent.kill('SIGKILL');
    await site[Symbol.asyncDispose]();
  });

  for (const [point, byEffect] of Object.entries(POINTS)) {
    test(`the agent dies ${point}`, async () => {
      const ends = LANES.map(async (lane) => {
        const run = await issue(point, lane);
        const first = startAgent(run);
        assert.deepEqual(await once(first.child, 'exit'), [null, 'SIGKILL']);
        const second = startAgent(run);
        await second.looked;
        await check(run, byEffect[lane.effect][lane.hasJournal ? 1 : 0]);
        await stop(second.child);
      });
      await Promise.all(ends);
    });
  }

  for (const point of SIDECAR_POINTS) {
    for (const lane of LANES.filter(({ effect }) => effect === 'at_most_once')) {
      const words = lane.hasJournal ? 'with' : 'without';
      test(`the ${point} dies, and comes back: run once, ${words} a journal`, async () => {
        const run = await issue(point, lane);
        const agent = startAgent(run);
        await sidecar.ended;
        sidecar = await site.start('a', START);
        await check(run, ONCE);
        await stop(agent.child);
      });
    }
  }

  interface CrashRun {
    readonly words: string;
    readonly id: string;
    readonly effects: string;
    readonly env: Readonly<Record<string, string>>;
  }

  async function issue(point: string, lane: Lane): Promise<CrashRun> {
    const { agent, effect, hasJournal } = lane;
    number += 1;
    const own = number;
    const file = (name: string) => join(site.directory, `${name}-${own}`);
    const request = {
      agent,
      kind: 'work',
      args: { number: own },
      effect: `COMMAND_EFFECT_${effect.toUpperCase()}`,
      maxAttempts: effect === 'idempotent' ? 3 : 1,
    };
    const { command } = await sidecar.call('CommandService/Issue', request);
    const env = {
      CRASH_AGENT: agent,
      CRASH_POINT: point,
      CRASH_EFFECTS: file('effects'),
      CRASH_MARK: file('mark'),
      CRASH_JOURNAL: hasJournal ? file('journal') : '',
      CRASH_SOCKET: join(sidecar.dataDir, 'api.sock'),
      CRASH_TOKEN: sidecar.token(`agent-${agent}`),
      CRASH_SIDECAR: String(sidecar.pid),
    };
    const words = `${point}, ${effect}, ${hasJournal ? 'with' : 'without'} a journal`;
    return { words, id: String((command as JsonObject).id), effects: env.CRASH_EFFECTS, env };
  }

  function startAgent({ env }: CrashRun) {
    const child = spawn(process.execPath, [AGENT], {
      env: {
        ...process.env,
        ...env,
        NODE_COMPILE_CACHE: join(site.directory, 'compile-cache'),
      },
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    agents.add(child);
    child.once('exit', () => agents.delete(child));
    return { child, looked: once(child.stdout, 'data') };
  }

  async function stop(agent: ChildProcess): Promise<void> {
    const ended = once(agent, 'exit');
    agent.kill('SIGTERM');
    assert.deepEqual(await ended, [0, null]);
  }

  async function check({ id, effects, words }: CrashRun, expected: Expected): Promise<void> {
    const command = await waitFor(`the end of ${id}`, async () => {
      const { command } = await sidecar.call('CommandService/Get', { id });
      const found = command as JsonObject;
      return found.finishedAt === undefined ? undefined : found;
    });
    const lines = existsSync(effects) ? readFileSync(effects, 'utf8').split('\n') : [];
    const count = (word: string) => lines.filter((line) => line.startsWith(word)).length;
    const seen: Expected = {
      state: String(command.state).replace('COMMAND_STATE_', ''),
      attempt: Number(command.attempt),
      began: count('begin'),
      done: count('end'),
    };
    assert.deepEqual(seen, expected, `${words}: ${JSON.stringify(seen)} ${command.message}`);
  }
});
