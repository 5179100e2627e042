// A TrustControl that answers like that of an open fleet.
import { HoldfastError } from '../../../../src/core/index.ts';
import type { TrustControl } from '../../../../src/sidecar/api/index.ts';

function open(): never {
  throw new HoldfastError('FLEET_OPEN', 'This fleet is open.');
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
