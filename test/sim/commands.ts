// Commands in a world: hubs that issue and cancel them, agents that run them, and what must be true of them in the end.
import { type CommandRow, HoldfastError, type JsonObject } from '../../src/core/index.ts';
import { issueTo } from '../support/command-requests.ts';
import { CommandAgent } from './command-agent.ts';
import { CommandLedger } from './command-ledger.ts';
import type { Act } from './plan.ts';
import { ADMIN, lasting, type Scene } from './scene.ts';
import type { SimNode } from './sim-node.ts';

type Of<D extends Act['do']> = Extract<Act, { do: D }>;
export type CommandAct = Of<'order' | 'cancel-order' | 'agent-dies'>;

interface Ordered {
  readonly id: string;
  readonly by: SimNode;
}

export class Commands {
  readonly #scene: Scene;
  readonly #ledger: CommandLedger;
  readonly #agents: readonly CommandAgent[];
  readonly #ordered: Ordered[] = [];
  readonly #cancelled = new Map<string, SimNode>();

  constructor(scene: Scene) {
    this.#scene = scene;
    this.#ledger = new CommandLedger(scene);
    this.#agents = scene.nodes.map((node) => new CommandAgent(scene, node, this.#ledger));
  }

  perform(node: SimNode, act: CommandAct): void {
    switch (act.do) {
      case 'order':
        return this.#order(node, act);
      case 'cancel-order':
        return this.#cancel(node, act);
      case 'agent-dies':
        return this.#agents[node.index]?.dieAt(act.point);
    }
  }

  #order(node: SimNode, { to, value, ...rest }: Of<'order'>): void {
    const { nodes, oracle, clock } = this.#scene;
    const agent = typeof to === 'number' ? nodes[to]?.name : undefined;
    const target =
      agent === undefined
        ? ({ type: 'selector', selector: `site=${String(to)}` } as const)
        : ({ type: 'agent', agent } as const);
    const { effect, slot = '', ttlMs, runTimeoutMs, priority = 5 } = rest;
    const maxAttempts = effect === 'idempotent' ? 3 : 1;
    const body = issueTo(target, {
      ...{ kind: 'do', args: { value }, effect, maxAttempts, slot, ttlMs, runTimeoutMs, priority },
    });
    node.member?.request('issueCommand', ADMIN, body).then(
      ({ command }) => {
        this.#scene.tally('ordered');
        this.#ordered.push({ id: command.id, by: node });
        if (command.expiresAtMs < clock.now().wallMs) return;
        const scope = agent ?? 'group@';
        const cell = `commands/${scope}/${command.id}`;
        const written = oracle.attempt(cell, node.index, { args: command.args });
        written('acknowledged', node.disk.ownTops.get('command'));
      },
      (error: unknown) => this.#refused('issueCommand', node, error),
    );
  }

  /** One of the newest, by somebody who may not even know it. */
  #cancel(node: SimNode, { back }: Of<'cancel-order'>): void {
    const ordered = this.#ordered.at(-1 - back);
    if (ordered === undefined) return;
    const body = { id: ordered.id, agent: '', reason: 'changed our mind' };
    node.member?.request('cancelCommand', ADMIN, body).then(
      ({ requested }) => {
        if (requested) this.#cancelled.set(ordered.id, node);
        this.#scene.tally(requested ? 'cancel-asked' : 'cancel-in-vain');
      },
      (error: unknown) => this.#refused('cancelCommand', node, error),
    );
  }

  #refused(method: string, node: SimNode, error: unknown): void {
    if (error instanceof HoldfastError && error.reason !== 'INTERNAL') return;
    this.#scene.violate(0, `${method} on ${node.name}: ${String(error)}`);
  }

  /** When all are equal and nothing is under way any more: invariants 6, 7 and 18. */
  async check(): Promise<void> {
    const [first] = lasting(this.#scene);
    if (first?.member === undefined) return;
    const rows: CommandRow[] = [];
    for (const { id } of this.#ordered) rows.push(...(await this.#targetsOf(first, id)));
    for (const row of rows) this.#checkRow(row);
    await this.#checkSlots(first, rows);
  }

  async #targetsOf(node: SimNode, id: string): Promise<readonly CommandRow[]> {
    const request = { id, pageSize: 1000, pageToken: '' };
    try {
      return (await node.member?.request('listTargets', ADMIN, request))?.rows ?? [];
    } catch (error) {
      // Lost with a disk, or let go long after it expired: what may be lost is the oracle's affair.
      if (error instanceof HoldfastError && error.reason === 'NOT_FOUND') return [];
      throw error;
    }
  }

  #checkRow(row: CommandRow): void {
    const scene = this.#scene;
    scene.tally(`ended-${row.state}`);
    if (row.cancelTooLate) scene.tally('cancel-too-late');
    const target = lasting(scene).find(({ name }) => name === row.agent);
    if (target === undefined) return;
    if (!row.confirmed)
      scene.violate(18, `command ${row.agent}/${row.id} is ${row.state}, as far as anybody knows`);
    else if (['accepted', 'running'].includes(row.state))
      scene.violate(18, `command ${row.agent}/${row.id} is ${row.state} for ever`);
    // What a disk forgot that was replaced, only its agent's journal knows.
    if (!target.isRestored) this.#ledger.check(row);
    const cancelledBy = this.#cancelled.get(row.id);
    if (cancelledBy?.isRestored === false && row.cancel === undefined)
      scene.violate(2, `the request to cancel command ${row.id} is lost`);
  }

  /** One winner in each slot, everywhere the newest; whoever ran before it says that it was replaced. */
  async #checkSlots(node: SimNode, rows: readonly CommandRow[]): Promise<void> {
    const orderOf = new Map<string, string>();
    for (const { id, order } of await this.#documents(node)) orderOf.set(id, `${order} ${id}`);
    const bySlot = Map.groupBy(
      rows.filter(({ slot }) => slot !== ''),
      ({ agent, slot }) => `${agent} ${slot}`,
    );
    for (const [slot, members] of bySlot) {
      const target = lasting(this.#scene).find(({ name }) => name === members[0]?.agent);
      if (target === undefined || target.isRestored) continue;
      const sorted = members.toSorted((a, b) =>
        (orderOf.get(a.id) ?? '') < (orderOf.get(b.id) ?? '') ? -1 : 1,
      );
      const newest = sorted.at(-1) as CommandRow;
      if (newest.state === 'superseded')
        this.#scene.violate(7, `the newest of slot ${slot}, ${newest.id}, is superseded`);
      for (const older of sorted.slice(0, -1)) {
        if (newest.attempt > 0 && older.attempt > 0 && older.replacedBy === '')
          this.#scene.violate(7, `${older.id} of slot ${slot} ran and does not say what followed`);
      }
    }
  }

  async #documents(
    node: SimNode,
  ): Promise<{ id: string; order: JsonObject[string] | undefined }[]> {
    const documents: { id: string; order: JsonObject[string] | undefined }[] = [];
    let pageToken = '';
    do {
      const request = { collection: 'commands', idPrefix: '', pageSize: 1000, pageToken };
      const page = await node.member?.request('list', ADMIN, request);
      for (const { id, value } of page?.rows ?? [])
        documents.push({ id: id.slice(id.indexOf('/') + 1), order: value.order });
      pageToken = page?.nextPageToken ?? '';
    } while (pageToken !== '');
    return documents;
  }
}
