// Errors of sockets in words, also those that a test machine does not produce.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { closeReason, dialFailure, listenFailure } from '../../../src/mesh/transport/lan-errors.ts';

function systemError(code: string): Error {
  return Object.assign(new Error(`connect ${code}`), { code });
}

describe('errors in words', () => {
  it('of a dial', () => {
    const cases: Record<string, string> = {
      ECONNREFUSED: 'connection refused by hub:7677: no sidecar listens there',
      ENOTFOUND: 'no machine is known by the name in hub:7677',
      EAI_AGAIN: 'the name in hub:7677 cannot be looked up now: the name server does not answer',
      EHOSTUNREACH: 'no way to hub:7677: the network or the machine is down',
      ENETUNREACH: 'no way to hub:7677: the network or the machine is down',
      ETIMEDOUT: 'no answer from hub:7677',
      ECONNRESET: 'hub:7677 closed the connection at once',
      EODD: 'cannot connect to hub:7677: connect EODD',
    };
    for (const [code, message] of Object.entries(cases)) {
      const cause = systemError(code);
      const failure = dialFailure('hub:7677', cause);
      assert.deepEqual([failure.message, failure.cause], [message, cause]);
    }
  });

  it('of listening', () => {
    const cases: Record<string, string> = {
      EADDRINUSE: 'cannot listen on [::]:7677: the port is in use by another program',
      EADDRNOTAVAIL: 'cannot listen on [::]:7677: this machine has no such address',
      EACCES: 'cannot listen on [::]:7677: ports below 1024 need special rights',
      EODD: 'cannot listen on [::]:7677: connect EODD',
    };
    for (const [code, message] of Object.entries(cases)) {
      assert.equal(listenFailure('[::]:7677', systemError(code)).message, message);
    }
  });

  it('of a link', () => {
    assert.equal(closeReason(systemError('ECONNRESET')), 'connection reset by the other end');
    assert.equal(closeReason(systemError('ETIMEDOUT')), 'the other end no longer answers');
    assert.equal(closeReason(new Error('odd')), 'odd');
  });
});
