// Makes an agent's documents of one collection what the agent says: writes what differs, deletes what is gone, and nothing else.
import { type Caller, HoldfastError, type JsonObject, jsonEqual } from '../../core/index.ts';
import type { Submit } from '../submit.ts';
import { BY_WATCHER } from './agent-answers.ts';

const SIDECAR: Caller = { scope: 'sidecar' };
const PAGE_SIZE = 1_000;
/** Documents of one write. */
const BATCH = 64;

export interface Synced {
  readonly written: number;
  readonly deleted: number;
}

/** Documents that the watcher did not write stay as they are. Rejects with HoldfastError. */
export async function syncDocuments(
  submit: Submit,
  agent: string,
  collection: 'deployments' | 'packages',
  wanted: ReadonlyMap<string, JsonObject>,
): Promise<Synced> {
  const caller: Caller = { scope: 'agent', agent };
  const stored = await storedOf(submit, agent, collection);
  const items = [...wanted]
    .filter(([id, value]) => {
      const known = stored.get(id);
      return known === undefined || (isOurs(known) && !jsonEqual(known, value));
    })
    .map(([id, value]) => ({ collection, id, value }));
  for (let start = 0; start < items.length; start += BATCH) {
    const batch = items.slice(start, start + BATCH);
    await submit('put', caller, { items: batch, ack: 'local', batch: true });
  }
  const gone = [...stored].filter(([id, value]) => isOurs(value) && !wanted.has(id));
  for (const [id] of gone) {
    await submit('delete', caller, { collection, id }).catch(ifMissing);
  }
  return { written: items.length, deleted: gone.length };
}

async function storedOf(
  submit: Submit,
  agent: string,
  collection: string,
): Promise<ReadonlyMap<string, JsonObject>> {
  const stored = new Map<string, JsonObject>();
  let pageToken = '';
  do {
    const page = { pageSize: PAGE_SIZE, pageToken, collection, idPrefix: `${agent}:` };
    const { rows, nextPageToken } = await submit('list', SIDECAR, page);
    for (const { id, value } of rows) stored.set(id, value);
    pageToken = nextPageToken;
  } while (pageToken !== '');
  return stored;
}

function isOurs(value: JsonObject): boolean {
  return value.observedBy === BY_WATCHER;
}

/** Somebody deleted it meanwhile. */
function ifMissing(error: unknown): void {
  if (!(error instanceof HoldfastError) || error.reason !== 'NOT_FOUND') throw error;
}
