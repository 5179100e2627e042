// What agents and operators ask of their sidecars, and what the oracle is told of it.
import {
  type Caller,
  HoldfastError,
  type JsonObject,
  type KnownLane,
  type Method,
  type RequestOf,
  type ResponseOf,
} from '../../src/core/index.ts';
import { claimOf, issueOf, reportOf } from '../support/command-requests.ts';
import type { Ending, Place } from './oracle.ts';
import type { Act } from './plan.ts';
import { ADMIN, type Scene } from './scene.ts';
import type { SimNode } from './sim-node.ts';

/** Of a document at the limit of 64 KiB: what is left for names and braces. */
const BIG_TEXT_CHARS = 65_000;
const COMMAND_TTL_MS = 86_400_000;

type End = (end: Ending, place?: Place) => void;
/** What a client may do. */
export type ClientAct = Of<
  | 'put'
  | 'delete'
  | 'patch'
  | 'put-shared'
  | 'delete-shared'
  | 'big'
  | 'heartbeat'
  | 'issue'
  | 'claim'
  | 'report'
>;
type Of<D extends Act['do']> = Extract<Act, { do: D }>;

export class Clients {
  readonly #scene: Scene;
  /** Commands an agent was told to run, by node and id: how often. */
  readonly #claims = new Map<string, number>();
  /** What each node's agent is working on. */
  readonly #running = new Map<number, string[]>();
  /** Patches under way, by node: a write of the shared document without one is a write made again. */
  readonly patching = new Map<number, number>();

  constructor(scene: Scene) {
    this.#scene = scene;
  }

  perform(node: SimNode, act: ClientAct): void {
    switch (act.do) {
      case 'put':
        return this.#put(node, act);
      case 'delete':
        return this.#delete(node, act);
      case 'patch':
        return this.#patch(node, act);
      case 'put-shared':
        return this.#putShared(node, act);
      case 'delete-shared':
        return this.#deleteShared(node, act);
      case 'big':
        return this.#big(node, act);
      case 'heartbeat':
        return this.#heartbeat(node, act);
      case 'issue':
        return this.#issue(node, act);
      case 'claim':
        return this.#claim(node);
      case 'report':
        return this.#report(node, act);
    }
  }

  #put(node: SimNode, { doc, value, times }: Of<'put'>): void {
    for (let i = 0; i < times; i++) {
      const target = deploymentOf(node, doc);
      const written = jsonOf(value + i);
      const end = this.#scene.oracle.attempt(`deployments/${target.id}`, node.index, written);
      const items = [{ ...target, value: written }];
      this.#ask(node, 'put', ADMIN, { items, ack: 'local', batch: false }, 'state', end);
    }
  }

  #delete(node: SimNode, { doc }: Of<'delete'>): void {
    const target = deploymentOf(node, doc);
    const end = this.#scene.oracle.attempt(`deployments/${target.id}`, node.index, undefined);
    this.#ask(node, 'delete', ADMIN, target, 'state', end);
  }

  /** Everybody writes one document, each a field of its own: nobody's field may be lost. */
  #patch(node: SimNode, { value, times }: Of<'patch'>): void {
    for (let i = 0; i < times; i++) {
      const written = jsonOf(value + i);
      const end = this.#scene.oracle.attempt(`notes/shared#${node.name}`, node.index, written);
      const patch = { [node.name]: written };
      const body = { collection: 'notes', id: 'shared', patch, ack: 'local' as const };
      this.#count(node, 1);
      this.#ask(node, 'patch', ADMIN, body, 'state', (how, place) => {
        this.#count(node, -1);
        end(how, place);
      });
    }
  }

  /** Documents that everybody overwrites and deletes: only their convergence is checked. */
  #putShared(node: SimNode, { doc, value }: Of<'put-shared'>): void {
    const written = jsonOf(value);
    const end = this.#scene.oracle.attempt(`free/doc-${doc}`, node.index, written);
    const items = [{ collection: 'free', id: `doc-${doc}`, value: written }];
    this.#ask(node, 'put', ADMIN, { items, ack: 'local', batch: false }, 'state', end);
  }

  #deleteShared(node: SimNode, { doc }: Of<'delete-shared'>): void {
    const target = { collection: 'free', id: `doc-${doc}` };
    const end = this.#scene.oracle.attempt(`free/doc-${doc}`, node.index, undefined);
    this.#ask(node, 'delete', ADMIN, target, 'state', end);
  }

  #big(node: SimNode, { value }: Of<'big'>): void {
    const target = { collection: 'deployments', id: `${node.name}:big` };
    const written = { value, text: 'x'.repeat(BIG_TEXT_CHARS) };
    const end = this.#scene.oracle.attempt(`deployments/${target.id}`, node.index, written);
    const items = [{ ...target, value: written }];
    this.#ask(node, 'put', ADMIN, { items, ack: 'local', batch: false }, 'state', end);
  }

  #heartbeat(node: SimNode, { times }: Of<'heartbeat'>): void {
    const body = { agent: node.name, intervalMs: 10_000, ack: 'memory' as const };
    for (let i = 0; i < times; i++) this.#ask(node, 'heartbeat', agentOf(node), body, 'pulse');
  }

  #issue(node: SimNode, { to, value, times }: Of<'issue'>): void {
    const scene = this.#scene;
    const { oracle, nodes } = scene;
    const agent = nodes[to]?.name ?? node.name;
    for (let i = 0; i < times; i++) {
      const args = jsonOf(value + i);
      const body = issueOf({ agent, kind: 'do', args, ttlMs: COMMAND_TTL_MS });
      this.#ask(node, 'issueCommand', ADMIN, body, 'command', (end, place, answer) => {
        if (end !== 'acknowledged' || answer === undefined) return;
        // Issued by a clock in 1970 it expired decades ago, and is let go.
        if (answer.command.expiresAtMs < scene.clock.now().wallMs) return;
        // Its id is known only now, and from now on it must be there.
        const { id, args } = answer.command;
        oracle.attempt(`commands/${agent}/${id}`, node.index, { args })('acknowledged', place);
      });
    }
  }

  #claim(node: SimNode): void {
    const ask = { agent: '', states: ['pending'] as const, pageSize: 1, pageToken: '' };
    this.#ask(node, 'listCommands', agentOf(node), ask, 'command', (_, __, pending) => {
      const id = pending?.rows[0]?.id;
      if (id === undefined || node.member === undefined) return;
      const end = this.#attemptState(node, id, 'accepted');
      const body = claimOf(id);
      this.#ask(
        node,
        'acknowledgeCommand',
        agentOf(node),
        body,
        'command',
        (how, place, answer) => {
          if (how === 'acknowledged' && answer?.claimed !== true) return end('refused');
          end(how, place);
          if (how === 'acknowledged') this.#claimed(node, id);
        },
      );
    });
  }

  #report(node: SimNode, { final }: Of<'claim' | 'report'>): void {
    const id = this.#running.get(node.index)?.[0];
    if (id === undefined) return;
    const state = final ? 'succeeded' : 'running';
    if (final) this.#running.get(node.index)?.shift();
    const end = this.#attemptState(node, id, state);
    const body = reportOf(id, state, { progress: { percent: 50 } });
    this.#ask(node, 'reportCommand', agentOf(node), body, 'command', end);
  }

  #attemptState(node: SimNode, id: string, state: string): End {
    const cell = `command-status/${node.name}/${id}`;
    return this.#scene.oracle.attempt(cell, node.index, { state });
  }

  #claimed(node: SimNode, id: string): void {
    const { nodes } = this.#scene;
    const key = `${node.name}/${id}`;
    const times = (this.#claims.get(key) ?? 0) + 1;
    this.#claims.set(key, times);
    if (
      times > 1 &&
      !node.isRestored &&
      node.plan.cloneOf === undefined &&
      !hasClone(this.#scene, node)
    )
      this.#scene.violate(6, `${node.name} was told ${times} times to run command ${id}`);
    const running = this.#running.get(node.index) ?? [];
    this.#running.set(node.index, [...running, id]);
    this.#scene.tally('claimed');
    if (nodes[0]?.isDown === true && node !== nodes[0]) this.#scene.tally('command-without-hub');
  }

  /** Begins a request without waiting for it, so that what happens next may hit it half done. */
  #ask<M extends Method>(
    node: SimNode,
    method: M,
    caller: Caller,
    body: RequestOf<M>,
    lane: KnownLane,
    end: (end: Ending, place?: Place, answer?: ResponseOf<M>) => void = () => {},
  ): void {
    const { member, process } = node;
    if (member === undefined) return end('refused');
    member.request(method, caller, body).then(
      (answer) => {
        if (node.process !== process) return end('lost');
        this.#scene.tally(method);
        if (node.isRestored) this.#scene.tally('write-after-restore');
        end('acknowledged', node.disk.ownTops.get(lane), answer);
      },
      (error: unknown) => end(this.#endOf(node, method, error)),
    );
  }

  #endOf(node: SimNode, method: Method, error: unknown): Ending {
    if (!(error instanceof HoldfastError) || error.reason === 'INTERNAL') {
      const cause = error instanceof HoldfastError ? error.cause : error;
      this.#scene.violate(0, `${method} on ${node.name}: ${String(cause)} ${stackOf(cause)}`);
    } else if (error.reason === 'DISK_FULL') {
      this.#scene.tally('disk-full');
    }
    const known =
      error instanceof HoldfastError && !['STOPPING', 'STORE_FAILED'].includes(error.reason);
    return known ? 'refused' : 'lost';
  }

  #count(node: SimNode, by: number): void {
    this.patching.set(node.index, (this.patching.get(node.index) ?? 0) + by);
  }
}

export function hasClone(scene: Scene, node: SimNode): boolean {
  return scene.nodes.some(({ plan }) => plan.cloneOf === node.index);
}

function deploymentOf(node: SimNode, doc: number): { collection: string; id: string } {
  return { collection: 'deployments', id: `${node.name}:package-${doc}` };
}

function agentOf(node: SimNode): Caller {
  return { scope: 'agent', agent: node.name };
}

function jsonOf(value: number): JsonObject {
  return { value, list: [value, 'x'], nested: { odd: value % 2 === 1 } };
}

function stackOf(cause: unknown): string {
  return cause instanceof Error ? (cause.stack ?? '') : '';
}
