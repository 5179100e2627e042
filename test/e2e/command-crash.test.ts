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
const START = { args: ['--agent', 'edge'] };

type Effect = 'idempotent' | 'at_most_once';

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
    for (const effect of ['idempotent', 'at_most_once'] as const) {
      for (const hasJournal of [false, true]) {
        const expected = byEffect[effect][hasJournal ? 1 : 0];
        const words = `${effect}, ${hasJournal ? 'with' : 'without'} a journal`;
        test(`the agent dies ${point}: ${words}`, async () => {
          const run = await issue(point, effect, hasJournal);
          const first = startAgent(run);
          assert.deepEqual(await once(first, 'exit'), [null, 'SIGKILL']);
          const second = startAgent(run);
          await check(run, expected);
          await stop(second);
        });
      }
    }
  }

  for (const point of SIDECAR_POINTS) {
    for (const hasJournal of [false, true]) {
      const words = hasJournal ? 'with' : 'without';
      test(`the ${point} dies, and comes back: run once, ${words} a journal`, async () => {
        const run = await issue(point, 'at_most_once', hasJournal);
        const agent = startAgent(run);
        await sidecar.ended;
        sidecar = await site.start('a', START);
        await check(run, ONCE);
        await stop(agent);
      });
    }
  }

  interface CrashRun {
    readonly id: string;
    readonly effects: string;
    readonly env: Readonly<Record<string, string>>;
  }

  async function issue(point: string, effect: Effect, hasJournal: boolean): Promise<CrashRun> {
    number += 1;
    const file = (name: string) => join(site.directory, `${name}-${number}`);
    const request = {
      agent: 'edge',
      kind: 'work',
      args: { number },
      effect: `COMMAND_EFFECT_${effect.toUpperCase()}`,
      maxAttempts: effect === 'idempotent' ? 3 : 1,
    };
    // The agent before took this kind, and whoever is between two agents is not asked.
    const { command } = await sidecar.call('CommandService/Issue', request);
    const env = {
      CRASH_POINT: point,
      CRASH_EFFECTS: file('effects'),
      CRASH_MARK: file('mark'),
      CRASH_JOURNAL: hasJournal ? file('journal') : '',
      CRASH_SOCKET: join(sidecar.dataDir, 'api.sock'),
      CRASH_TOKEN: sidecar.token('agent-edge'),
      CRASH_SIDECAR: String(sidecar.pid),
    };
    return { id: String((command as JsonObject).id), effects: env.CRASH_EFFECTS, env };
  }

  function startAgent({ env }: CrashRun): ChildProcess {
    const agent = spawn(process.execPath, [AGENT], {
      env: {
        ...process.env,
        ...env,
        NODE_COMPILE_CACHE: join(site.directory, 'compile-cache'),
      },
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    agents.add(agent);
    agent.once('exit', () => agents.delete(agent));
    return agent;
  }

  async function stop(agent: ChildProcess): Promise<void> {
    const ended = once(agent, 'exit');
    agent.kill('SIGTERM');
    assert.deepEqual(await ended, [0, null]);
  }

  async function check({ id, effects }: CrashRun, expected: Expected): Promise<void> {
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
    assert.deepEqual(seen, expected, String(command.message));
  }
});
