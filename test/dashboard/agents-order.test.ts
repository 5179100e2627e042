// Which agents are shown and in which order: whoever needs somebody comes first, and numbers in names count.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type AgentsChoice, chooseAgents } from '../../src/dashboard/agents-order.ts';
import { Presence } from '../../src/gen/holdfast/v1/common_pb.ts';
import { agent } from './support.ts';

const AGENTS = [
  agent('edge-10', { bornMs: 3 }),
  agent('edge-2', { bornMs: 1, presence: Presence.LEFT }),
  agent('edge-1', { bornMs: 2, presence: Presence.SUSPECT }),
  agent('hub', { bornMs: 4, presence: Presence.UNREACHABLE }),
];
const ALL: AgentsChoice = {
  text: '',
  presences: new Set(),
  selected: undefined,
  sort: 'presence',
};

function names(choice: Partial<AgentsChoice>): string[] {
  return chooseAgents(AGENTS, { ...ALL, ...choice }).map((row) => row.agent);
}

test('each order', () => {
  assert.deepEqual(names({}), ['hub', 'edge-1', 'edge-10', 'edge-2']);
  assert.deepEqual(names({ sort: 'agent' }), ['edge-1', 'edge-2', 'edge-10', 'hub']);
  assert.deepEqual(names({ sort: 'age' }), ['edge-2', 'edge-1', 'edge-10', 'hub']);
});

test('every filter has to agree', () => {
  assert.deepEqual(names({ text: 'edge', presences: new Set([Presence.LEFT]) }), ['edge-2']);
  assert.deepEqual(names({ selected: new Set(['hub', 'edge-1']), text: 'e-1' }), ['edge-1']);
  assert.deepEqual(names({ selected: new Set() }), []);
});
