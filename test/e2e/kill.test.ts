// kill -9 in the middle of concurrent writes, again and again: what was acknowledged is there after every restart (invariants 2 and 3).
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseArgs } from 'node:util';
import type { JsonObject } from '../../src/core/index.ts';
import { createSeededRandom } from '../../src/testing/index.ts';
import { CallFailed, type RunningSidecar } from './support/running-sidecar.ts';
import { Site, waitFor } from './support/site.ts';

/** How often the sidecar is killed; more by hand, with `npm run kill -- --rounds 500`. */
const { values } = parseArgs({ options: { rounds: { type: 'string' } }, strict: false });
const ROUNDS = Number(values.rounds ?? 30);
const DOCUMENTS = 8;
const BATCHES = 4;
const BATCH_SIZE = 5;
/** Acknowledgements in one round before the kill, at most. */
const MOST_PER_ROUND = 75;
const COLLECTION = 'killed';
const AGENT = 'edge';

/** What one writer knows: its last value that was acknowledged, and the one it last tried. A negative number is a delete. */
interface Cell {
  acknowledged: number;
  tried: number;
}

class Oracle {
  readonly cellById = new Map<string, Cell>();
  readonly issued = new Set<string>();
  readonly claimed = new Set<string>();
  acknowledgements = 0;

  cell(id: string): Cell {
    const cell = this.cellById.get(id) ?? { acknowledged: 0, tried: 0 };
    this.cellById.set(id, cell);
    return cell;
  }
}

/** Runs steps one after the other until the sidecar is gone. A refusal is a fault of the test or of the sidecar. */
async function untilKilled(step: () => Promise<void>): Promise<void> {
  try {
    for (;;) await step();
  } catch (error) {
    if (error instanceof CallFailed || error instanceof assert.AssertionError) throw error;
  }
}

/** Puts and now and then deletes one document. */
async function writeDocument(sidecar: RunningSidecar, oracle: Oracle, id: string): Promise<void> {
  const cell = oracle.cell(id);
  const n = Math.abs(cell.tried) + 1;
  const deletes = n % 9 === 0 && cell.acknowledged > 0;
  cell.tried = deletes ? -n : n;
  if (deletes) await sidecar.call('DocumentService/Delete', { collection: COLLECTION, id });
  else await sidecar.put(COLLECTION, id, { n });
  cell.acknowledged = cell.tried;
  oracle.acknowledgements++;
}

/** Puts several documents in one call: all of them or none. */
async function writeBatch(sidecar: RunningSidecar, oracle: Oracle, batch: number): Promise<void> {
  const cell = oracle.cell(`batch-${batch}`);
  const n = cell.tried + 1;
  cell.tried = n;
  const documents = Array.from({ length: BATCH_SIZE }, (_, i) => ({
    collection: COLLECTION,
    id: `batch-${batch}-${i}`,
    value: { n },
  }));
  await sidecar.call('DocumentService/BatchPut', { documents });
  cell.acknowledged = n;
  oracle.acknowledgements++;
}

/** Issues a command and claims it as its agent. */
async function claimCommand(sidecar: RunningSidecar, oracle: Oracle): Promise<void> {
  const request = { agent: AGENT, kind: 'do', ttl: '86400s' };
  const issued = await sidecar.call('CommandService/Issue', request);
  const id = String((issued.command as JsonObject).id);
  oracle.issued.add(id);
  oracle.acknowledgements++;
  const claim = { id, accept: true };
  const answer = await sidecar.call('CommandService/Acknowledge', claim, `agent-${AGENT}`);
  assert.equal(answer.claimed, true);
  oracle.claimed.add(id);
  oracle.acknowledgements++;
}

function startWriters(sidecar: RunningSidecar, oracle: Oracle): Promise<unknown> {
  const writers: Promise<void>[] = [];
  for (let i = 0; i < DOCUMENTS; i++) {
    writers.push(untilKilled(() => writeDocument(sidecar, oracle, `document-${i}`)));
  }
  for (let i = 0; i < BATCHES; i++) {
    writers.push(untilKilled(() => writeBatch(sidecar, oracle, i)));
  }
  writers.push(untilKilled(() => claimCommand(sidecar, oracle)));
  return Promise.all(writers);
}

/** The value found: a number, or undefined for a document that is not there. */
function numberIn(found: ReadonlyMap<string, JsonObject>, id: string): number | undefined {
  const value = found.get(id);
  return value === undefined ? undefined : Number(value.n);
}

/** Checks a cell and takes what is found for acknowledged: after the restart it must stay. */
function checkCell(id: string, cell: Cell, found: number | undefined): void {
  const asFound = (n: number) => (n > 0 ? n : undefined);
  const allowed = [asFound(cell.acknowledged), asFound(cell.tried)];
  assert.ok(allowed.includes(found), `${id} is ${found}, acknowledged was ${cell.acknowledged}`);
  cell.acknowledged = found === asFound(cell.tried) ? cell.tried : cell.acknowledged;
  cell.tried = cell.tried < 0 && found !== undefined ? Math.abs(cell.tried) : cell.tried;
}

async function check(sidecar: RunningSidecar, oracle: Oracle): Promise<void> {
  const found = await sidecar.documents(COLLECTION);
  for (const [id, cell] of oracle.cellById) {
    if (!id.startsWith('batch-')) {
      checkCell(id, cell, numberIn(found, id));
      continue;
    }
    const numbers = Array.from({ length: BATCH_SIZE }, (_, i) => numberIn(found, `${id}-${i}`));
    assert.equal(new Set(numbers).size, 1, `${id} is torn: ${numbers}`);
    checkCell(id, cell, numbers[0]);
  }
  await checkCommands(sidecar, oracle);
  assert.deepEqual(sidecar.log('store.views_rebuilt'), []);
}

async function checkCommands(sidecar: RunningSidecar, oracle: Oracle): Promise<void> {
  const states = new Map<string, string>();
  for (let pageToken = ''; ; ) {
    const page = await sidecar.call('CommandService/List', { pageSize: 1000, pageToken });
    for (const command of (page.commands ?? []) as JsonObject[]) {
      states.set(String(command.id), String(command.state));
    }
    pageToken = String(page.nextPageToken ?? '');
    if (pageToken === '') break;
  }
  for (const id of oracle.issued) assert.ok(states.has(id), `command ${id} is gone`);
  for (const id of oracle.claimed) assert.equal(states.get(id), 'COMMAND_STATE_ACCEPTED');
  const [claimed] = oracle.claimed;
  if (claimed === undefined) return;
  const claim = { id: claimed, accept: true };
  const again = await sidecar.call('CommandService/Acknowledge', claim, `agent-${AGENT}`);
  assert.notEqual(again.claimed, true, 'a command is claimed once');
}

test(`a sidecar killed ${ROUNDS} times while it is written to keeps what it acknowledged`, async () => {
  await using site = new Site();
  await site.init('a');
  const random = createSeededRandom('kill');
  const oracle = new Oracle();
  const start = { args: ['--agent', AGENT, '--live-documents', '16'] };
  let sidecar = await site.start('a', start);
  for (let round = 0; round < ROUNDS; round++) {
    const enough = oracle.acknowledgements + 1 + Math.floor(random.fraction() * MOST_PER_ROUND);
    const writers = startWriters(sidecar, oracle);
    await waitFor('enough acknowledgements', () => oracle.acknowledgements >= enough);
    await sidecar.end('SIGKILL');
    await writers;
    sidecar = await site.start('a', start);
    await check(sidecar, oracle);
  }
  assert.ok(oracle.claimed.size > 0 && oracle.acknowledgements > ROUNDS);
  const { code } = await sidecar.end('SIGTERM');
  assert.equal(code, 0);
});
