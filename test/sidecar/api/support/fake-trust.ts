// A TrustControl and a DelegationControl that answer like those of an open fleet.
import { HoldfastError } from '../../../../src/core/index.ts';
import type { DelegationControl, TrustControl } from '../../../../src/sidecar/api/index.ts';

function open(): never {
  throw new HoldfastError('FLEET_OPEN', 'This fleet is open.');
}

export class FakeDelegations implements DelegationControl {
  create = open;
  list = open;
  revoke = open;
}

export class FakeTrust implements TrustControl {
  fleet = open;
  members = open;
  eject = open;
  policy = open;
  setPolicy = open;
  take = open;
  statements = open;
  voids = open;
  clearFork = open;

  warnings(): readonly string[] {
    return [];
  }
}
