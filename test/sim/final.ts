// What must hold when the faults have stopped and the mesh has had its time.
import { type CommandRow, canonicalJson, type JsonObject } from '../../src/core/index.ts';
import { sodiumCrypto } from '../../src/sidecar/sodium-crypto.ts';
import { headKey } from '../../src/sidecar/store/keys.ts';
import { openRecord } from '../../src/sidecar/store/record-codec.ts';
import { parseHead } from '../../src/sidecar/store/records.ts';
import { ADMIN, lasting, type Scene } from './scene.ts';
import type { SimNode } from './sim-node.ts';
import { storageBounds } from './storage.ts';

type Rows = ReadonlyMap<string, { value: JsonObject; text: string }>;

/** A day until they expire, and at least as long until they are let go. */
const COMMANDS_KEPT_MS = 2 * 86_400_000;
const COLLECTIONS = [
  'platforms',
  'deployments',
  'notes',
  'free',
  'commands',
  'command-cancels',
  'command-status',
];

/** One line for the state of each node; equal where they have converged. A node that does not answer has none. */
export async function stateOf(node: SimNode): Promise<string | undefined> {
  const summary = await node.member?.request('summary', ADMIN, {}).catch(() => undefined);
  return summary && `${summary.stateHash} (${summary.documents} documents)`;
}

/** Invariants 1, 2, 3, 5, 7, 10 and 13. */
export async function checkFinal(scene: Scene): Promise<void> {
  const nodes = lasting(scene);
  const first = nodes[0] as SimNode;
  const reference = await rowsOf(first);
  const commands = await commandsOf(first);
  for (const node of nodes) {
    checkEqual(scene, node, await rowsOf(node), reference);
    checkCommands(scene, node, await commandsOf(node), commands);
    for (const sentence of storageBounds(node, reference, nodes.length))
      scene.violate(13, sentence);
    await checkRelayed(scene, node);
  }
  checkCausality(scene, reference);
  // Commands and what became of them leave some time after they expired.
  const isPast = (cell: string): boolean =>
    scene.clock.now().monotonicMs > COMMANDS_KEPT_MS &&
    cell.startsWith('command') &&
    readCell(reference, cell) === undefined;
  // Twins may write one field of a shared document without knowing of each other: either may win.
  const twins = scene.plan.nodes.filter(({ cloneOf }) => cloneOf !== undefined);
  const isExcused = (cell: string): boolean =>
    isPast(cell) || twins.some(({ name }) => cell === `notes/shared#${name}`);
  for (const sentence of scene.oracle.violations((cell) => readCell(reference, cell), isExcused))
    scene.violate(2, sentence);
}

/** Documents that two nodes show differently: the key, and what the first and the other node shows. */
export async function differences(scene: Scene): Promise<string[]> {
  const [first, ...others] = lasting(scene);
  if (first === undefined) return [];
  const reference = await rowsOf(first);
  const lines: string[] = [];
  for (const node of others) {
    const rows = await rowsOf(node);
    for (const key of new Set([...rows.keys(), ...reference.keys()])) {
      const [a, b] = [reference.get(key)?.text, rows.get(key)?.text];
      if (a !== b) lines.push(`${key} is ${a} at ${first.name} and ${b} at ${node.name}`);
    }
  }
  return lines;
}

function checkEqual(scene: Scene, node: SimNode, rows: Rows, reference: Rows): void {
  for (const key of new Set([...rows.keys(), ...reference.keys()])) {
    const [a, b] = [rows.get(key), reference.get(key)];
    if (a?.text !== b?.text)
      scene.violate(1, `${key} differs: ${node.name} ${a?.text}, first ${b?.text}`);
  }
}

function checkCommands(
  scene: Scene,
  node: SimNode,
  rows: readonly CommandRow[],
  reference: readonly CommandRow[],
): void {
  const stateById = new Map(reference.map(({ id, state }) => [id, state]));
  for (const { id, state } of rows) {
    // Whether it expired is judged by the reader's clock.
    const [here, there] = [state, stateById.get(id)].map((one) =>
      one === 'expired' ? 'pending' : one,
    );
    if (here !== there)
      scene.violate(7, `command ${id} is ${here} at ${node.name}, ${there} at the first`);
  }
}

/** A command of somebody who was put out may lie beyond the cut, and what its target made of it stays. */
function isOfWhoIsOut({ oracle, nodes, trust }: Scene, id: string): boolean {
  if (trust === undefined) return false;
  const issuer = oracle.writerOf(`commands/${id}`);
  // Of one whose issuing nobody heard acknowledged it is not known whose it is.
  return issuer === undefined ? nodes.some(({ index }) => trust.isOut(index)) : trust.isOut(issuer);
}

/** A status without its command would be a result of nothing. */
function checkCausality(scene: Scene, rows: Rows): void {
  for (const key of rows.keys()) {
    const id = key.startsWith('command-status/') ? key.slice('command-status/'.length) : undefined;
    const isPast = scene.clock.now().monotonicMs > COMMANDS_KEPT_MS;
    const isExcused =
      isPast || scene.nodes.some(({ isRestored }) => isRestored) || isOfWhoIsOut(scene, id ?? '');
    const toMany = `commands/group@/${id?.slice(id.indexOf('/') + 1)}`;
    const isThere = rows.has(`commands/${id}`) || rows.has(toMany);
    if (id !== undefined && !isThere && !isExcused)
      scene.violate(5, `${key} is there and its command is not`);
  }
}

/** What a later version wrote is kept and passed on by everybody. */
async function checkRelayed(scene: Scene, node: SimNode): Promise<void> {
  if (scene.plan.outsider !== 'later' || scene.outsider === undefined) return;
  for (const { feed, seq } of scene.outsider.ownPositions()) {
    const key = headKey(feed);
    const record = await node.disk.platter.get(key);
    const payload = record && openRecord(key, record, sodiumCrypto);
    const top = (payload && parseHead(feed, payload)?.seq) ?? 0;
    if (top < seq)
      scene.violate(
        1,
        `${node.name} holds ${feed.lane} of the later version up to ${top}, not ${seq}`,
      );
    else scene.tally('later-relayed');
  }
}

async function commandsOf(node: SimNode): Promise<readonly CommandRow[]> {
  const request = { agent: '', states: [], pageSize: 1000, pageToken: '' };
  return (await node.member?.request('listCommands', ADMIN, request))?.rows ?? [];
}

async function rowsOf(node: SimNode): Promise<Rows> {
  const rows = new Map<string, { value: JsonObject; text: string }>();
  for (const collection of COLLECTIONS) {
    let pageToken = '';
    do {
      const request = { collection, idPrefix: '', pageSize: 1000, pageToken };
      const page = await node.member?.request('list', ADMIN, request);
      for (const { id, value, freshness } of page?.rows ?? []) {
        const text = `${freshness.revision} ${canonicalJson(value)}`;
        rows.set(`${collection}/${id}`, { value, text });
      }
      pageToken = page?.nextPageToken ?? '';
    } while (pageToken !== '');
  }
  return rows;
}

/** A document, one field of it (`key#field`), or what matters of a command and its status. */
function readCell(rows: Rows, cell: string): JsonObject | undefined {
  const [key = '', field] = cell.split('#');
  const row = rows.get(key)?.value;
  if (row === undefined) return undefined;
  if (field !== undefined) return row[field] as JsonObject | undefined;
  if (key.startsWith('commands/')) return { args: row.args ?? null };
  if (key.startsWith('command-status/')) return { state: row.state ?? null };
  return row;
}
