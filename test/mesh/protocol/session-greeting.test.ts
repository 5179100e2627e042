// The greeting of two sessions: members find each other, and nobody else gets in or learns anything.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { utf8 } from '../../../src/core/index.ts';
import { createHello, encodeFrame, type Hello } from '../../../src/mesh/protocol/index.ts';
import { FeedHolder } from '../support/feed-holder.ts';
import { membershipOf, OTHER_SECRET } from '../support/names.ts';
import { SessionEnd } from '../support/session-end.ts';
import { SessionWorld } from '../support/session-world.ts';

const HANDSHAKE = utf8('the handshake of this link, as both ends saw it');
const OWN_VERSIONS = { versionMin: 1, versionMax: 1, capabilities: 0n };

/** An end of a link to somebody whom the test plays. */
function endOf(name: string, role: 'initiator' | 'acceptor'): SessionEnd {
  return new SessionEnd(new FeedHolder(name), {
    initiator: role === 'initiator',
    handshakeHash: HANDSHAKE,
  });
}

/** A hello of beta as the initiator of this very link; each test spoils one thing. */
function helloOf(
  name: string,
  spoil: Partial<{ secret: Uint8Array; handshake: Uint8Array; fromInitiator: boolean }> = {},
  versions = OWN_VERSIONS,
): Hello {
  const { secret, handshake = HANDSHAKE, fromInitiator = true } = spoil;
  return createHello(membershipOf(name, secret), versions, handshake, fromInitiator);
}

describe('two members', () => {
  it('greet each other, the dialler first, and only then say who they are and what they hold', () => {
    const world = new SessionWorld();
    assert.deepEqual(world.dial('alpha', 'beta'), ['send hello, versions 1 to 1']);
    assert.deepEqual(world.settle(), [
      'beta hears from alpha: hello, versions 1 to 1',
      '  send hello, versions 1 to 1',
      '  member alpha',
      '  send introduction as beta',
      '  send digest of 0 feeds',
      'alpha hears from beta: hello, versions 1 to 1',
      '  member beta',
      '  send introduction as alpha',
      '  send digest of 0 feeds',
      'alpha hears from beta: introduction as beta',
      '  named beta',
      'alpha hears from beta: digest of 0 feeds',
      '  peer has nothing',
      'beta hears from alpha: introduction as alpha',
      '  named alpha',
      'beta hears from alpha: digest of 0 feeds',
      '  peer has nothing',
    ]);
  });

  it('tell the boot id of the other, by which a restart is told from a second link', () => {
    const { bootId, nodeId } = membershipOf('beta');
    const frame = encodeFrame(helloOf('beta'));
    const effects = endOf('alpha', 'acceptor').session.handle(
      { type: 'frame', frame },
      { wallMs: 0, monotonicMs: 0 },
    );
    const common = { version: 1, capabilities: 0n, chain: [] };
    assert.deepEqual(effects[1], { type: 'member', nodeId, bootId, ...common });
  });

  it('hear nothing from whoever was dialled before the dialler spoke', () => {
    assert.deepEqual(endOf('alpha', 'acceptor').take({ type: 'opened' }), []);
  });

  it('may greet a sidecar of a newer version that still speaks ours', () => {
    const alpha = endOf('alpha', 'acceptor');
    const newer = { versionMin: 1, versionMax: 7, capabilities: 0xffff_ffff_ffff_ffffn };
    assert.deepEqual(alpha.hear(helloOf('beta', {}, newer)), [
      'send hello, versions 1 to 1',
      'member beta',
      'send introduction as alpha',
      'send digest of 0 feeds',
    ]);
  });
});

describe('a stranger', () => {
  const wrongSecret = 'close (stranger): it does not hold the secret of this fleet';

  it('who holds the secret of another fleet is refused without a word (invariant 14)', () => {
    const alpha = endOf('alpha', 'acceptor');
    assert.deepEqual(alpha.hear(helloOf('mallory', { secret: OTHER_SECRET })), [wrongSecret]);
  });

  it('is refused by whoever dialled it, too', () => {
    const alpha = endOf('alpha', 'initiator');
    alpha.take({ type: 'opened' });
    const spoiled = { secret: OTHER_SECRET, fromInitiator: false };
    assert.deepEqual(alpha.hear(helloOf('mallory', spoiled)), [wrongSecret]);
  });

  it('cannot use the hello that a member said on another link', () => {
    const alpha = endOf('alpha', 'acceptor');
    const overheard = helloOf('beta', { handshake: utf8('an earlier handshake') });
    assert.deepEqual(alpha.hear(overheard), [wrongSecret]);
  });

  it('cannot send our own hello back to us', () => {
    const alpha = endOf('alpha', 'initiator');
    alpha.take({ type: 'opened' });
    assert.deepEqual(alpha.hear(alpha.frames[0]!), [wrongSecret]);
  });

  it('who is a member cannot claim to be another member', () => {
    const hello = helloOf('mallory');
    const { nodeId, fleetSecret, crypto, signer } = membershipOf('beta');
    const thief = { ...membershipOf('mallory'), nodeId, fleetSecret, crypto };
    const stolen = createHello(thief, OWN_VERSIONS, HANDSHAKE, true);
    const notOwner = ['close (stranger): it does not own the node id it claims'];
    assert.deepEqual(endOf('alpha', 'acceptor').hear(stolen), notOwner);
    const foreign = { ...hello, signature: signer.sign(utf8('something else')) };
    assert.deepEqual(endOf('alpha', 'acceptor').hear(foreign), notOwner);
  });

  it('cannot claim a node id that is no key at all', () => {
    const claims = { ...membershipOf('mallory'), nodeId: '00'.repeat(32) };
    const hello = createHello(claims, OWN_VERSIONS, HANDSHAKE, true);
    assert.match(endOf('alpha', 'acceptor').hear(hello).join(), /^close \(stranger\)/);
  });

  it('may not change a field of a hello on its way', () => {
    const hello = helloOf('beta');
    const changes: Partial<Hello>[] = [
      { versionMax: 2 },
      { capabilities: 1n },
      { bootId: 'ff'.repeat(16) },
      { nodeId: membershipOf('gamma').nodeId },
      { membershipProof: new Uint8Array(32) },
    ];
    for (const change of changes) {
      assert.deepEqual(endOf('alpha', 'acceptor').hear({ ...hello, ...change }), [wrongSecret]);
    }
  });

  it('who begins with anything but a hello is refused', () => {
    for (const message of [
      { type: 'ping', token: 1n },
      { type: 'introduction', name: 'beta' },
      { type: 'frontier', positions: [], last: true },
      { type: 'stored', runs: 1 },
    ] as const) {
      assert.deepEqual(endOf('alpha', 'acceptor').hear(message), [
        `close (stranger): its first frame is "${message.type}" instead of a hello`,
      ]);
    }
  });

  it('who speaks no protocol of ours is refused', () => {
    for (const bytes of [utf8('GET / HTTP/1.1\r\n'), new Uint8Array(40).fill(0xff)]) {
      const effects = endOf('alpha', 'acceptor').hear(bytes);
      assert.equal(effects.length, 1);
      assert.match(effects[0]!, /^close \(stranger\): it does not speak this protocol \(/);
    }
  });

  it('is not listened to after it was refused', () => {
    const alpha = endOf('alpha', 'acceptor');
    alpha.hear(helloOf('mallory', { secret: OTHER_SECRET }));
    assert.deepEqual(alpha.hear(helloOf('beta')), []);
    assert.deepEqual(alpha.tick(), []);
  });
});

describe('versions that do not overlap', () => {
  const words = 'it speaks protocol 2 to 4, this sidecar 1; bring both to a common version';

  it('end the link with a reason that names both ranges, where they are noticed', () => {
    const alpha = endOf('alpha', 'acceptor');
    const newer = { versionMin: 2, versionMax: 4, capabilities: 0n };
    assert.deepEqual(alpha.hear(helloOf('beta', {}, newer)), [
      'send goodbye (version): no protocol version in common',
      `close (version): ${words}`,
    ]);
  });

  it('are judged before membership, because a later version may prove it in another way', () => {
    const alpha = endOf('alpha', 'acceptor');
    const newer = { versionMin: 2, versionMax: 2, capabilities: 0n };
    const effects = alpha.hear(helloOf('mallory', { secret: OTHER_SECRET }, newer));
    assert.match(effects[1]!, /^close \(version\): it speaks protocol 2, this sidecar 1/);
  });

  it('end the link with the same words at the other side, which is told before any hello', () => {
    const alpha = endOf('alpha', 'initiator');
    alpha.take({ type: 'opened' });
    const goodbye = {
      type: 'goodbye',
      reason: 'version',
      message: 'no version in common',
    } as const;
    assert.deepEqual(alpha.hear({ ...goodbye, versionMin: 2, versionMax: 4 }), [
      `close (version): ${words}`,
    ]);
  });

  it('tell the other side our range', () => {
    const alpha = endOf('alpha', 'acceptor');
    alpha.hear(helloOf('beta', {}, { versionMin: 2, versionMax: 4, capabilities: 0n }));
    // An older sidecar than ours would read this.
    const beta = endOf('beta', 'initiator');
    beta.take({ type: 'opened' });
    assert.deepEqual(beta.hear(alpha.frames[0]!), [
      'close (version): it speaks protocol 1, this sidecar 1; bring both to a common version',
    ]);
  });
});
