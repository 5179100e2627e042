// Lives of commands from end to end, written down: what a hub and the sidecar of the agent show after each step. A line that changes
// here changes what every caller sees; COMMANDS_GOLDEN=write writes the file anew, to be read before it is kept.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { test } from 'node:test';
import type { CommandRow } from '../../../src/core/index.ts';
import { interruptOf } from '../../support/command-requests.ts';
import { agent, START_MS, TestNode } from '../../support/test-node.ts';
import { cancel, claim, issue, meet, report, SECOND, settle, show } from './support.ts';

const FILE = join(import.meta.dirname, '../../fixtures/commands/lives.txt');

class Story {
  readonly hub = new TestNode('hub');
  readonly north = new TestNode('north');
  readonly lines: string[] = [];
  readonly #ids: string[] = [];

  constructor(title: string) {
    this.lines.push(`# ${title}`);
  }

  issues(rest: Parameters<typeof issue>[2] = {}): string {
    const id = issue(this.hub, 'north', rest);
    this.#ids.push(id);
    this.#note('hub issues');
    return id;
  }

  does(what: string, act: () => unknown): void {
    let answer = '';
    try {
      const value = act();
      if (typeof value === 'boolean') answer = value ? ': yes' : ': no';
    } catch (error) {
      answer = `: ${error instanceof Error ? error.message.replaceAll(this.#idPattern(), 'X') : ''}`;
    }
    this.#note(what + answer);
  }

  meets(): void {
    meet(this.hub, this.north);
    this.#note('they meet');
  }

  passes(seconds: number): void {
    for (const node of [this.hub, this.north]) node.nowMs += seconds * SECOND;
    this.#note(`${seconds} s pass`);
  }

  settles(): void {
    settle(this.north);
    this.#note('the sidecar of north looks');
  }

  #idPattern(): RegExp {
    return new RegExp(this.#ids.join('|') || '^$', 'g');
  }

  #note(what: string): void {
    const atSeconds = (this.hub.nowMs - START_MS) / SECOND;
    const seen = [this.hub, this.north].map((node) =>
      this.#ids.map((id) => this.#shownAt(node, id)).join(', '),
    );
    this.lines.push(
      `${String(atSeconds).padStart(4)} s  ${what.padEnd(34)} hub: ${seen[0]}  |  north: ${seen[1]}`,
    );
  }

  #shownAt(node: TestNode, id: string): string {
    let row: CommandRow;
    try {
      row = show(node, id);
    } catch {
      return '-';
    }
    const facts = [
      row.state,
      row.confirmed ? '' : '?',
      row.attempt > 0 ? ` #${row.attempt}` : '',
      row.state === 'pending' && row.reachedAtMs !== undefined ? ' reached' : '',
      row.cancel !== undefined && row.state !== 'cancelled' ? ' cancel asked' : '',
      row.cancelTooLate ? ' too late' : '',
      row.replacedBy === '' ? '' : ' replaced',
    ];
    return facts.join('');
  }
}

const STORIES: readonly (() => Story)[] = [
  () => {
    const story = new Story('claimed, run, done');
    const id = story.issues();
    story.meets();
    story.does('north claims', () => claim(story.north, id, 'a'));
    story.does('north reports running', () => report(story.north, id, 'running'));
    story.meets();
    story.does('north reports succeeded', () => report(story.north, id, 'succeeded'));
    story.does('north reports failed', () => report(story.north, id, 'failed'));
    story.meets();
    return story;
  },
  () => {
    const story = new Story('nobody takes it up');
    story.issues({ ttlMs: 10 * SECOND });
    story.meets();
    story.passes(2);
    story.settles();
    story.meets();
    story.passes(9);
    story.settles();
    story.meets();
    return story;
  },
  () => {
    const story = new Story('cancelled before it is begun');
    const id = story.issues();
    story.meets();
    story.does('hub cancels', () => cancel(story.hub, id, 'wrong host'));
    story.meets();
    story.does('north claims', () => claim(story.north, id, 'a'));
    story.meets();
    return story;
  },
  () => {
    const story = new Story('a cancel that comes too late');
    const id = story.issues();
    story.meets();
    story.does('north claims', () => claim(story.north, id, 'a'));
    story.does('hub cancels', () => cancel(story.hub, id));
    story.does('north reports succeeded', () => report(story.north, id, 'succeeded'));
    story.meets();
    return story;
  },
  () => {
    const story = new Story('its process dies: idempotent, two attempts');
    const id = story.issues({ effect: 'idempotent', maxAttempts: 2 });
    story.meets();
    story.does('north claims', () => claim(story.north, id, 'a'));
    story.does('north interrupts', () => interrupt(story.north, id));
    story.does('the dead process reports', () => report(story.north, id, 'succeeded'));
    story.does('north claims', () => claim(story.north, id, 'b'));
    story.does('north interrupts', () => interrupt(story.north, id));
    story.meets();
    return story;
  },
  () => {
    const story = new Story('its process dies: at most once');
    const id = story.issues();
    story.meets();
    story.does('north claims', () => claim(story.north, id, 'a'));
    story.does('north interrupts', () => interrupt(story.north, id));
    story.meets();
    return story;
  },
  () => {
    const story = new Story('it runs for too long, and its agent says nothing');
    const id = story.issues({ runTimeoutMs: 5 * SECOND });
    story.meets();
    story.does('north claims', () => claim(story.north, id, 'a'));
    story.passes(6);
    story.settles();
    story.passes(15);
    story.settles();
    story.does('north reports succeeded', () => report(story.north, id, 'succeeded'));
    story.meets();
    return story;
  },
  () => {
    const story = new Story('two of one slot');
    const first = story.issues({ slot: 's', args: { n: 1 } });
    story.meets();
    story.does('north claims the first', () => claim(story.north, first, 'a'));
    const second = story.issues({ slot: 's', args: { n: 2 } });
    story.meets();
    story.does('north claims the second', () => claim(story.north, second, 'a'));
    story.does('north reports the first', () => report(story.north, first, 'succeeded'));
    story.does('north claims the second', () => claim(story.north, second, 'a'));
    story.settles();
    story.meets();
    return story;
  },
  () => {
    const story = new Story('three of one slot, none begun');
    for (const n of [1, 2, 3]) story.issues({ slot: 's', args: { n } });
    story.meets();
    story.settles();
    story.meets();
    return story;
  },
];

function interrupt(node: TestNode, id: string): void {
  node.request('interruptCommand', interruptOf(id), agent(node.name));
}

test('the lives of commands are as they are written down', () => {
  const text = `${STORIES.map((tell) => tell().lines.join('\n')).join('\n\n')}\n`;
  if (process.env.COMMANDS_GOLDEN === 'write') writeFileSync(FILE, text);
  assert.equal(text, readFileSync(FILE, 'utf8'));
});
