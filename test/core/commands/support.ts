// Nodes that issue commands and nodes that serve agents, as the tests of commands use them.
import type { Caller, CommandRow, RequestOf } from '../../../src/core/index.ts';
import { claimOf, issueOf, issueTo, reportOf } from '../../support/command-requests.ts';
import { ADMIN, agent, type TestNode } from '../../support/test-node.ts';

export const SIDECAR: Caller = { scope: 'sidecar' };
export const SECOND = 1_000;

export function issue(
  hub: TestNode,
  name: string,
  rest: Partial<Omit<RequestOf<'issueCommand'>, 'target'>> = {},
): string {
  return hub.request('issueCommand', issueOf({ agent: name, ...rest })).command.id;
}

export function issueMany(
  hub: TestNode,
  target: RequestOf<'issueCommand'>['target'],
  rest: Partial<Omit<RequestOf<'issueCommand'>, 'target'>> = {},
): string {
  return hub.request('issueCommand', issueTo(target, rest)).command.id;
}

export function cancel(hub: TestNode, id: string, reason = ''): boolean {
  return hub.request('cancelCommand', { id, agent: '', reason }).requested;
}

/** Passes everything stored between nodes, both ways. */
export function meet(...nodes: readonly TestNode[]): void {
  for (const to of nodes) {
    for (const from of nodes) {
      const refused = from === to ? undefined : to.receive(from.runs());
      if (refused !== undefined) throw new Error(refused);
    }
  }
}

/** What the sidecar of an agent does by itself until nothing is due. Returns how much it wrote. */
export function settle(node: TestNode): number {
  let written = 0;
  for (let rounds = 0; rounds < 1_000; rounds++) {
    const { ids } = node.request('dueCommands', { agents: [node.name] }, SIDECAR);
    if (ids.length === 0) return written;
    written += node.request('settleCommands', { ids }, SIDECAR).written;
  }
  throw new Error('it never comes to an end');
}

/** Ids of what an agent is to begin, the most urgent first. */
export function offered(node: TestNode): string[] {
  const offers = node.request('commandOffers', { limit: 100 }, agent(node.name));
  return offers.offered.map(({ id }) => id);
}

export function claim(node: TestNode, id: string, claimant = ''): boolean {
  return node.request('acknowledgeCommand', claimOf(id, { claimant }), agent(node.name)).claimed;
}

export function report(
  node: TestNode,
  id: string,
  state: RequestOf<'reportCommand'>['state'],
): CommandRow {
  return node.request('reportCommand', reportOf(id, state), agent(node.name)).command;
}

/** A command as a node shows it. */
export function show(node: TestNode, id: string, name = ''): CommandRow {
  return node.request('getCommand', { id, agent: name }, ADMIN).command;
}

export function beat(node: TestNode, labels: Record<string, string> = {}): void {
  const body = { status: 'ok', workloads: [], labels, versions: {}, telemetry: {}, extra: {} };
  node.request('heartbeat', { agent: node.name, beat: body, ack: 'local' }, agent(node.name));
}
