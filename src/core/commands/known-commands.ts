// What this sidecar keeps in mind of the commands for the agents it serves: those that are not over, in the order in which they are due.
// It follows the log of changes, so that ten thousand waiting commands cost nothing until one of them changes.

import type { Context } from '../context.ts';
import { isVisible, type View } from '../documents/view.ts';
import type { CommandDocument } from '../values/command-values.ts';
import { documentKey, splitDocumentKey } from '../values/ids.ts';
import { GROUP_SCOPE, orderKey, parseCommand, scopeOf } from './command-document.ts';
import { countedAs, noCommands } from './command-figures.ts';
import type { TargetState } from './command-tally.ts';
import { doubtCommand, type KindsDocument, parseKinds } from './kinds-document.ts';
import { isFinal } from './states.ts';
import { parseStatus, type StatusDocument } from './status-document.ts';

const COLLECTIONS = new Set(['commands', 'command-cancels', 'command-status', 'command-kinds']);

/** One command at one agent. */
export interface KnownCommand {
  readonly id: string;
  readonly agent: string;
  readonly command: CommandDocument;
  /** Its document. */
  readonly view: View;
  readonly order: string;
  /** Undefined while nothing was said of it. */
  readonly status: StatusDocument | undefined;
}

/** Commands that replace each other. */
export interface SlotCommands {
  /** Those that are over, too: a slot is decided by all that exist. */
  readonly all: Map<string, KnownCommand>;
  /** Claimed, and not over. */
  readonly claimed: Map<string, KnownCommand>;
  newest: KnownCommand | undefined;
  /** The newest that was begun. */
  begun: KnownCommand | undefined;
}

/** The commands of one agent. */
class AgentCommands {
  /** By id, those that are over too. */
  readonly all = new Map<string, KnownCommand>();
  /** Sorted by urgency, then age. */
  readonly open: KnownCommand[] = [];
  readonly slots = new Map<string, SlotCommands>();
  /** To be looked at, because something about them changed. */
  readonly dirty = new Set<string>();
  /** How many there are in each state. */
  readonly states = new Map<TargetState, number>();
  labels = '';
  /** The kinds it declared, as they were read last. */
  #kinds: { readonly revision: string; readonly kinds: KindsDocument | undefined } | undefined;
  /** Why it would refuse a command, by the kinds of that revision. */
  readonly #refusals = new WeakMap<CommandDocument, { revision: string; refusal: string }>();

  /** Why the agent would not take a command, by the kinds in this view; empty where it would, or has declared none. */
  refusal(view: View | undefined, command: CommandDocument): string {
    const revision = isVisible(view) ? view.revision : '';
    const before = this.#refusals.get(command);
    if (before?.revision === revision) return before.refusal;
    if (this.#kinds?.revision !== revision) {
      this.#kinds = { revision, kinds: isVisible(view) ? parseKinds(view.value) : undefined };
    }
    const { kinds } = this.#kinds;
    const refusal = kinds === undefined ? '' : doubtCommand(kinds, command.kind, command.args);
    this.#refusals.set(command, { revision, refusal });
    return refusal;
  }

  add(known: KnownCommand): void {
    const { id, command, status, order } = known;
    this.all.set(id, known);
    this.#count(known, 1);
    this.dirty.add(id);
    const isOver = status !== undefined && isFinal(status.state);
    if (!isOver) this.open.splice(placeOf(this.open, known), 0, known);
    if (command.slot === '') return;
    const slot = this.slots.get(command.slot) ?? {
      all: new Map<string, KnownCommand>(),
      claimed: new Map<string, KnownCommand>(),
      newest: undefined,
      begun: undefined,
    };
    this.slots.set(command.slot, slot);
    slot.all.set(id, known);
    if (!isOver && status !== undefined && status.claimant !== '') slot.claimed.set(id, known);
    // What was the newest is replaced; what is the newest may have waited for this one.
    if (slot.newest !== undefined) this.dirty.add(slot.newest.id);
    if (slot.newest === undefined || slot.newest.order <= order) slot.newest = known;
    if (status === undefined || status.attempt === 0) return;
    // What was begun before it is to say that it was replaced.
    if (slot.begun !== undefined) this.dirty.add(slot.begun.id);
    if (slot.begun === undefined || slot.begun.order <= order) slot.begun = known;
  }

  drop(id: string): KnownCommand | undefined {
    const known = this.all.get(id);
    if (known === undefined) return undefined;
    this.all.delete(id);
    this.#count(known, -1);
    const at = placeOf(this.open, known);
    if (this.open[at]?.id === id) this.open.splice(at, 1);
    const slot = this.slots.get(known.command.slot);
    if (slot === undefined) return known;
    slot.all.delete(id);
    slot.claimed.delete(id);
    if (slot.begun?.id === id) slot.begun = undefined;
    if (slot.newest?.id === id) {
      slot.newest = [...slot.all.values()].reduce<KnownCommand | undefined>(
        (newest, other) => (newest === undefined || other.order > newest.order ? other : newest),
        undefined,
      );
    }
    if (slot.newest !== undefined) this.dirty.add(slot.newest.id);
    if (slot.all.size === 0) this.slots.delete(known.command.slot);
    return known;
  }

  /** The status alone changed. */
  replace(known: KnownCommand): void {
    const slot = this.slots.get(known.command.slot);
    const isNewest = slot?.newest?.id === known.id;
    // Taken out of its place first, so that a newest is not looked for among all others.
    if (slot !== undefined && isNewest) slot.newest = undefined;
    this.drop(known.id);
    this.add(known);
  }

  #count(known: KnownCommand, by: 1 | -1): void {
    const state = countedAs(known);
    if (state !== undefined) this.states.set(state, (this.states.get(state) ?? 0) + by);
  }
}

export class KnownCommands {
  readonly #served: ReadonlySet<string>;
  readonly #agents = new Map<string, AgentCommands>();
  /** The newest change of any document that was taken in. */
  #seen = -1;
  #version = 0;

  /** `served` may change at any time. */
  constructor(served: ReadonlySet<string>) {
    this.#served = served;
  }

  /** Takes in what changed. Documents that are behind must have been shown before. */
  refresh(context: Context): void {
    this.#followServed(context);
    const { views } = context.documents;
    if (views.version === this.#seen) return;
    for (const view of views.changedSince(this.#seen)) this.#changed(context, view);
    this.#seen = views.version;
  }

  /** Rises whenever anything of commands changes here. */
  get version(): number {
    return this.#version;
  }

  get agents(): readonly string[] {
    return [...this.#agents.keys()];
  }

  /** Commands of an agent that are not over, the most urgent first. */
  open(agent: string): readonly KnownCommand[] {
    return this.#agents.get(agent)?.open ?? [];
  }

  /** How many there are in each state for all agents. */
  get states(): Record<TargetState, number> {
    const sum = noCommands();
    for (const { states } of this.#agents.values()) {
      for (const [state, count] of states) sum[state] += count;
    }
    return sum;
  }

  /** Also one that is over. */
  get(agent: string, id: string): KnownCommand | undefined {
    return this.#agents.get(agent)?.all.get(id);
  }

  slotOf({ agent, command }: KnownCommand): SlotCommands | undefined {
    return this.#agents.get(agent)?.slots.get(command.slot);
  }

  /** Why an agent would not take a command, by the kinds it declared; empty where it would. */
  refusal(context: Context, { agent, command }: KnownCommand): string {
    const view = context.documents.view(documentKey('command-kinds', agent));
    return this.#agents.get(agent)?.refusal(view, command) ?? '';
  }

  /** Ids that are to be looked at, taken out: whoever takes them looks. */
  takeDirty(agent: string): string[] {
    const dirty = this.#agents.get(agent)?.dirty;
    if (dirty === undefined) return [];
    const ids = [...dirty];
    dirty.clear();
    return ids;
  }

  /** Looks at everything that is not over again. */
  dirtyAll(): void {
    for (const { open, dirty } of this.#agents.values()) {
      for (const { id } of open) dirty.add(id);
    }
  }

  /** An agent that is served from now on has a past; one that is not served any more is forgotten. */
  #followServed(context: Context): void {
    const isSame =
      this.#agents.size === this.#served.size &&
      [...this.#agents.keys()].every((agent) => this.#served.has(agent));
    if (isSame) return;
    this.#version++;
    for (const agent of this.#agents.keys()) {
      if (!this.#served.has(agent)) this.#agents.delete(agent);
    }
    for (const agent of this.#served) {
      if (this.#agents.has(agent)) continue;
      const commands = new AgentCommands();
      this.#agents.set(agent, commands);
      for (const scope of [agent, GROUP_SCOPE]) {
        for (const view of context.documents.views.rows('commands', `${scope}/`)) {
          this.#take(context, [agent, commands], view, scope);
        }
      }
    }
  }

  #changed(context: Context, view: View): void {
    const { collection, id: path } = splitDocumentKey(view.key);
    if (collection === 'platforms') return this.#labelsChanged(context, path);
    if (!COLLECTIONS.has(collection)) return;
    this.#version++;
    if (collection === 'command-kinds') return this.#dirtyOpen(path);
    const slash = path.indexOf('/');
    const scope = path.slice(0, slash);
    const id = path.slice(slash + 1);
    if (collection === 'commands') {
      for (const entry of this.#of(scope)) this.#take(context, entry, view, scope);
    }
    if (collection === 'command-cancels') {
      for (const [, agent] of this.#of(scope)) agent.dirty.add(id);
    }
    if (collection === 'command-status') this.#statusChanged(context, scope, id);
  }

  /** The agents a scope may be about. */
  #of(scope: string): [string, AgentCommands][] {
    if (scope === GROUP_SCOPE) return [...this.#agents];
    const commands = this.#agents.get(scope);
    return commands === undefined ? [] : [[scope, commands]];
  }

  #take(context: Context, [agent, commands]: [string, AgentCommands], view: View, scope: string) {
    const id = splitDocumentKey(view.key).id.slice(scope.length + 1);
    commands.drop(id);
    const command = isVisible(view) ? parseCommand(scope, view.value) : undefined;
    if (command === undefined) return;
    const order = orderKey(id, command);
    commands.add({ id, agent, command, view, order, status: statusOf(context, agent, id) });
  }

  #statusChanged(context: Context, agent: string, id: string): void {
    const commands = this.#agents.get(agent);
    const known = commands?.all.get(id);
    if (known !== undefined) commands?.replace({ ...known, status: statusOf(context, agent, id) });
  }

  #labelsChanged(context: Context, agent: string): void {
    const commands = this.#agents.get(agent);
    if (commands === undefined) return;
    const view = context.documents.view(documentKey('platforms', agent));
    const labels = isVisible(view) ? JSON.stringify(view.value.labels ?? {}) : '';
    if (labels === commands.labels) return;
    commands.labels = labels;
    this.#version++;
    for (const { id, command } of commands.open) {
      if (scopeOf(command.target) === GROUP_SCOPE) commands.dirty.add(id);
    }
  }

  #dirtyOpen(agent: string): void {
    const commands = this.#agents.get(agent);
    for (const { id } of commands?.open ?? []) commands?.dirty.add(id);
  }
}

/** What the sidecar of an agent says of a command. */
export function statusOf(context: Context, agent: string, id: string): StatusDocument | undefined {
  const view = context.documents.view(documentKey('command-status', `${agent}/${id}`));
  return isVisible(view) ? parseStatus(view.value) : undefined;
}

/** Where a command belongs among the open ones: the first place whose command is not more urgent. */
function placeOf(open: readonly KnownCommand[], known: KnownCommand): number {
  let low = 0;
  let high = open.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (isBefore(open[middle] as KnownCommand, known)) low = middle + 1;
    else high = middle;
  }
  return low;
}

function isBefore(a: KnownCommand, b: KnownCommand): boolean {
  if (a.command.priority !== b.command.priority) return a.command.priority > b.command.priority;
  return a.order < b.order;
}
