// Commands under a delegation, with nodes: issued with no hub in reach, refused at the door, withheld at the target, told.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Delegation, Statement } from '../../src/core/trust/index.ts';
import { claimOf, issueOf, reportOf } from '../support/command-requests.ts';
import { agent, refusal, START_MS, TestNode } from '../support/test-node.ts';
import { actor, StatedFleet } from './trust/support/fleet.ts';

const fleet = new StatedFleet();
const [hub, van, pump, mallory] = ['hub', 'van', 'pump', 'mallory'].map(actor) as [
  ReturnType<typeof actor>,
  ReturnType<typeof actor>,
  ReturnType<typeof actor>,
  ReturnType<typeof actor>,
];
const CERTIFICATES = [
  fleet.certify(hub, ['hub', 'issuer'], fleet.root),
  fleet.certify(van, ['agent'], hub),
  fleet.certify(pump, ['agent'], hub),
  fleet.certify(mallory, ['agent'], hub),
];
const HOUR = 3_600_000;
const BY_LABEL = lend({ agents: [], selector: 'site=north' });

function lend(details: Partial<Delegation> = {}): Statement {
  const times = { madeAtMs: START_MS, untilMs: START_MS + 12 * HOUR };
  return fleet.delegate(van, hub, { ...times, ...details });
}

function member(name: string, ...more: readonly Statement[]): TestNode {
  return new TestNode(name, undefined, undefined, { trust: fleet.set(...CERTIFICATES, ...more) });
}

function state(node: TestNode, ...statements: readonly Statement[]) {
  const bytes = statements.map((statement) => statement.bytes);
  return node.turn({ type: 'statements-received', deliveryId: 1, statements: bytes });
}

function issue(node: TestNode, kind = 'restart', to = 'pump') {
  const request = issueOf({ agent: to, kind, ttlMs: 20 * HOUR });
  return node.request('issueCommand', request).command;
}

function claim(node: TestNode, id: string) {
  return node.request('acknowledgeCommand', claimOf(id), agent('pump'));
}

function beat(node: TestNode, labels: Record<string, string>): void {
  const rest = { status: 'ok', workloads: [], versions: {}, telemetry: {}, extra: {} };
  const request = { agent: 'pump', beat: { ...rest, labels }, ack: 'local' } as const;
  node.request('heartbeat', request, agent('pump'));
}

/** What the last turn told about delegations. */
function told(node: TestNode): string[] {
  return node.effects.flatMap((effect) =>
    effect.type === 'report' && effect.event.startsWith('trust.deleg')
      ? [`${effect.event}: ${effect.detail}`]
      : [],
  );
}

describe('a member with a delegation', () => {
  it('issues a command with no hub in reach, and the target runs it; both tell of it', () => {
    const given = lend();
    const author = member('van', given);
    const { id } = issue(author);
    const under = `under delegation ${given.id.slice(0, 12)} by hub`;
    const use = `trust.delegation_used: command ${id} (restart) of van for pump`;
    assert.deepEqual(told(author), [`${use} was issued here ${under}`]);
    const target = member('pump', given);
    assert.equal(target.receive(author.runs()), undefined);
    assert.equal(claim(target, id).claimed, true);
    assert.deepEqual(told(target), [`${use} is begun here ${under}`]);
    assert.equal(claim(target, id).claimed, false);
    assert.deepEqual(told(target), [], 'a claim is told once');
  });

  it('is refused at the door what it was not lent, and nothing is written', () => {
    const author = member('van', lend());
    const refusedFor = (words: RegExp, kind?: string, to?: string) => {
      assert.throws(
        () => issue(author, kind, to),
        (error: Error) => refusal('NOT_GRANTED', 'kind')(error) && words.test(error.message),
      );
      assert.equal(author.stored.length, 0);
    };
    refusedFor(
      /covers commands of the kind "exec"; they cover restart.*Nothing was issued/,
      'exec',
    );
    refusedFor(
      /for commands of the kind "restart" reaches valve; they reach pump/,
      'restart',
      'valve',
    );
    author.nowMs += 12 * HOUR;
    refusedFor(/was over at/);
    author.nowMs = START_MS;
    state(author, fleet.revoke(lend(), hub, 'the van is gone'));
    refusedFor(/was revoked: the van is gone/);
    const without = member('mallory');
    assert.throws(() => issue(without), refusal('NOT_GRANTED'));
  });

  it('reaches agents by the labels that they have at the target', () => {
    const author = member('van', BY_LABEL);
    const { id } = issue(author);
    const target = member('pump', BY_LABEL);
    target.receive(author.runs());
    assert.match(claim(target, id).command.withheld, /reaches pump; they reach site=north/);
    beat(target, { site: 'south' });
    assert.equal(claim(target, id).claimed, false);
    beat(target, { site: 'north' });
    assert.equal(claim(target, id).claimed, true);
    // Where labels are known at the door they are looked at there.
    beat(target, { site: 'south' });
    const own = target.runs().filter(({ feed }) => feed.author === pump.key);
    assert.equal(author.receive(own), undefined);
    assert.throws(() => issue(author), refusal('NOT_GRANTED', 'kind'));
  });

  it('has its commands begun until the delegation is over or revoked; what was begun ends', () => {
    const given = lend();
    const author = member('van', given);
    const [begun, waiting] = [issue(author), issue(author)];
    const target = member('pump', given);
    target.receive(author.runs());
    assert.equal(claim(target, begun.id).claimed, true);
    target.nowMs += 12 * HOUR;
    assert.match(claim(target, waiting.id).command.withheld, /delegation \w{12} was over at/);
    target.nowMs = START_MS + HOUR;
    assert.equal(claim(target, begun.id).command.state, 'accepted');
    state(target, fleet.revoke(given, hub, 'the van is gone'));
    const late = claim(target, waiting.id);
    assert.equal(late.claimed, false);
    assert.match(late.command.withheld, /was revoked: the van is gone/);
    const report = reportOf(begun.id, 'succeeded', { result: {} });
    const done = target.request('reportCommand', report, agent('pump'));
    assert.equal(done.command.state, 'succeeded');
  });

  it('has what was void begin when the delegation comes', () => {
    const given = lend();
    const author = member('van', given);
    const { id } = issue(author);
    const target = member('pump');
    target.receive(author.runs());
    assert.throws(() => claim(target, id), refusal('NOT_FOUND'));
    state(target, given);
    const until = new Date(START_MS + 12 * HOUR).toISOString();
    assert.deepEqual(told(target), [
      `trust.delegated: hub lets van issue restart for pump until ${until}: delegation ${given.id.slice(0, 12)}`,
    ]);
    assert.equal(claim(target, id).claimed, true);
    state(target, fleet.revoke(given, hub, 'the van is gone'));
    assert.deepEqual(told(target), [
      `trust.delegation_revoked: delegation ${given.id.slice(0, 12)} of van was revoked by hub: the van is gone`,
    ]);
  });

  it('writes nothing in the place of a command of a hub', () => {
    const given = lend({ kinds: ['restart', 'exec'] });
    const ofHub = issue(member('hub', given));
    const ofVan = issue(member('van', given));
    const [mark] = ofVan.id.match(/.{13}$/) ?? [];
    assert.equal(issue(member('van', given), 'exec').id.slice(-13), mark);
    assert.notEqual(ofHub.id.slice(-13), mark);
  });
});

describe('a command that was written all the same', () => {
  /** By a node that believes in more than the fleet does: it keeps no rule of the door. */
  function crafted(kind: string, ...believed: readonly Statement[]) {
    const author = member('van', ...believed);
    const { id } = issue(author, kind);
    return { author, id };
  }

  it('is withheld at the target where the delegation covers another kind', () => {
    const given = lend();
    const { author, id } = crafted('exec', fleet.certify(van, ['hub'], hub, { generation: 2 }));
    const target = member('pump', given);
    target.receive(author.runs());
    // A hub's id has no mark.
    assert.throws(() => claim(target, id), refusal('NOT_FOUND'));
    const more = lend({ kinds: ['exec'], madeAtMs: START_MS + 1 });
    const marked = crafted('exec', more);
    const reader = member('pump', given);
    reader.receive(marked.author.runs());
    const answer = claim(reader, marked.id);
    assert.equal(answer.claimed, false);
    assert.match(answer.command.withheld, /covers commands of the kind "exec"; they cover restart/);
    const [row] = reader.request('listCommands', {
      ...{ agent: 'pump', states: [], pageSize: 10, pageToken: '' },
    }).rows;
    assert.equal(row?.withheld, answer.command.withheld);
  });
});
