// What the tests of the client share: time that stands still, chance without chance, and waiting for promises without sleeping.
import assert from 'node:assert/strict';
import { setImmediate } from 'node:timers/promises';
import type { Surroundings } from '../../src/agent-client/connection/address.ts';
import type { ClientEnvironment } from '../../src/agent-client/environment.ts';
import {
  type AgentClient,
  type AgentClientOptions,
  createAgentClient,
} from '../../src/agent-client/index.ts';
import { ManualClock } from '../../src/testing/index.ts';
import type { FakeSidecar } from './fake-sidecar.ts';

/** Turns of the event loop in which anything that waits for nothing outside has long happened. */
const MAX_TURNS = 500;
/** A call through the in-process transport takes a few turns. */
const SETTLE_TURNS = 25;

export interface TestEnvironment extends ClientEnvironment {
  readonly clock: ManualClock;
  readonly timers: ManualClock;
}

/** Chance always gives `fraction`. */
export function testEnvironment(fraction = 0): TestEnvironment {
  const clock = new ManualClock();
  return { clock, timers: clock, random: { fraction: () => fraction } };
}

/** Nothing in the environment, no files. */
export function emptySurroundings(overrides: Partial<Surroundings> = {}): Surroundings {
  return {
    env: {},
    isRoot: false,
    homeDir: '/home/op',
    isSocket: () => false,
    fileNames: () => [],
    ...overrides,
  };
}

export function clientOf(
  sidecar: FakeSidecar,
  environment: ClientEnvironment = testEnvironment(),
  options: AgentClientOptions = {},
): AgentClient {
  return createAgentClient({
    agent: 'edge-a',
    transport: sidecar.transport(),
    environment,
    surroundings: emptySurroundings(),
    ...options,
  });
}

/** Lets everything happen that waits neither for time nor for the outside world. */
export async function settle(turns = SETTLE_TURNS): Promise<void> {
  for (let turn = 0; turn < turns; turn++) await setImmediate();
}

/** Waits until it is so, by turns of the event loop and not by time. */
export async function until(isSo: () => boolean, what = isSo.toString()): Promise<void> {
  for (let turn = 0; turn < MAX_TURNS; turn++) {
    if (isSo()) return;
    await setImmediate();
  }
  assert.fail(`never so: ${what}`);
}
