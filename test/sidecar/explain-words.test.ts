// Why something has not come to another sidecar, in words: every state of a mesh that keeps it from coming.
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { PeerView } from '../../src/mesh/index.ts';
import { storyOfPeer } from '../../src/sidecar/explain/peer-story.ts';
import { type MeshNow, waysTo } from '../../src/sidecar/explain/ways.ts';
import type { Gaps, Holder } from '../../src/sidecar/explain/whereabouts.ts';

const NOW_MS = 1_800_000_000_000;
const EDGE = 'ed'.repeat(32);

const PEER: PeerView = {
  ...{ address: '192.0.2.7:7677', nodeId: EDGE, name: 'edge', state: 'waiting', path: undefined },
  ...{ remoteAddress: '', roundTripMs: undefined, lastSeenMs: NOW_MS - 180_000, attempts: 4 },
  ...{ lastError: 'connection refused', bytesReceived: 0, bytesSent: 0, outbound: true },
  ...{ budgetBytesPerSecond: undefined, receivedBytesPerSecond: 0, sentBytesPerSecond: 0 },
  ...{ stalls: 0, linkClass: undefined, lastLoss: '', lastLostMs: undefined },
  contacts: [
    { address: '192.0.2.7:7677', sources: ['added'], names: [], attempts: 4, lastError: '' },
  ],
};

function mesh(rest: Partial<MeshNow> = {}): MeshNow {
  return { paused: false, receiveOnly: false, peers: [PEER], nowMs: NOW_MS, ...rest };
}

function holder(name: string, rest: Partial<Holder> = {}): Holder {
  const nodeId = name === 'edge' ? EDGE : name;
  return { nodeId, name, holding: 'lacking', linked: true, heardMs: undefined, ...rest };
}

const SELF = holder('self', { holding: 'held' });

suite('the way to a sidecar', () => {
  test('leads over a link that is there', () => {
    const { waitsFor } = waysTo(EDGE, 'edge', [SELF, holder('edge')], mesh());
    assert.deepEqual(waitsFor, ['edge to take it: there is a link to it']);
  });

  test('is shut by this sidecar itself, which is said before anything else', () => {
    const holders = [SELF, holder('edge')];
    const silent = waysTo(EDGE, 'edge', holders, mesh({ receiveOnly: true }));
    assert.deepEqual(silent, {
      waitsFor: ['the end of receive-only: this sidecar sends nothing'],
      advice: ['`holdfast peers receive-only off` has it send again.'],
    });
    const paused = waysTo(EDGE, 'edge', holders, mesh({ receiveOnly: true, paused: true }));
    assert.deepEqual(paused.advice, ['`holdfast peers resume` ends the pause.']);
  });

  test('without a link says why there is none, and who is to carry it', () => {
    const many = ['a', 'b', 'c', 'd', 'e', 'f', 'g'].map((name) =>
      holder(name, { holding: 'held' }),
    );
    const { waitsFor, advice } = waysTo(EDGE, 'edge', [SELF, ...many], mesh());
    assert.deepEqual(waitsFor, [
      'a link to edge: it is dialled again and again (connection refused), heard of last 3m ago',
      'somebody to carry it on: a, b, c, d, e and 2 more have it',
    ]);
    assert.deepEqual(advice, []);
    const slow = waysTo(EDGE, 'edge', [SELF, holder('north')], mesh());
    assert.equal(slow.waitsFor[1], 'north to take it');
  });

  test('is not there for a sidecar that is alone, or knows nobody', () => {
    const alone = waysTo(undefined, '', [SELF, holder('old', { linked: false })], mesh());
    assert.deepEqual(alone, {
      waitsFor: ['a link: this sidecar is linked with nobody'],
      advice: ['`holdfast peers` shows the links of this sidecar.'],
    });
    const lonely = waysTo(undefined, '', [SELF], mesh({ peers: [] }));
    assert.deepEqual(lonely.waitsFor, ['a link: this sidecar knows no other one']);
  });
});

suite('the story of a peer', () => {
  const NONE: Gaps = { peerLacks: undefined, weLack: undefined };

  function story(rest: Partial<PeerView>, gaps: Gaps = NONE, now: MeshNow = mesh()) {
    return storyOfPeer({ ...PEER, ...rest }, undefined, gaps, now);
  }

  test('of one that nobody can dial asks for its address', () => {
    const { waitsFor, advice } = story({ contacts: [], lastError: '', lastSeenMs: undefined });
    assert.deepEqual(waitsFor, [
      'a link: it has to dial this sidecar, which knows no address of it',
    ]);
    assert.deepEqual(advice, ['`holdfast peers add HOST:PORT` has this sidecar dial it.']);
  });

  test('of a linked one tells what has to go either way, and how narrow the link is', () => {
    const gaps = { peerLacks: { feeds: 1, commits: 1 }, weLack: { feeds: 2, commits: 30 } };
    const linked = { state: 'connected', path: 'lan', budgetBytesPerSecond: 8_000 } as const;
    assert.deepEqual(story(linked, gaps).waitsFor, [
      '1 commit to go to it, over a link that may carry 8000 bytes a second',
      '30 commits to come from it',
    ]);
    const silent = story(linked, gaps, mesh({ receiveOnly: true }));
    assert.equal(silent.waitsFor.at(-1), 'the end of receive-only: this sidecar sends nothing');
  });

  test('has what happened in the order of time, with what has none before it', () => {
    const known = {
      ...{ nodeId: EDGE, name: 'edge', heardMs: NOW_MS },
      bundle: { startedMs: 0, createdMs: 0, receivedMs: NOW_MS - 400_000 },
    };
    const lost = { lastLostMs: NOW_MS - 170_000, lastLoss: 'it stalled', stalls: 2 };
    const { steps } = storyOfPeer({ ...PEER, ...lost }, known, NONE, mesh());
    assert.deepEqual(
      steps.map(({ what }) => what),
      [
        'stalled: 2 links were closed because nothing moved',
        'could not be reached 4 times in a row',
        'came by a bundle',
        'was heard of last',
        'lost its link: it stalled',
      ],
    );
  });
});
