// Peers as people write them, with and without the node id that must be there.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatNodeId } from '../../../src/core/index.ts';
import {
  addressOfPeer,
  formatPeerSpec,
  parsePeerSpec,
} from '../../../src/sidecar/links/peer-spec.ts';
import { sodiumCrypto } from '../../../src/sidecar/sodium-crypto.ts';

const NODE = '0123456789abcdef'.repeat(4);
const PEOPLE = formatNodeId(NODE, sodiumCrypto);

test('an address alone names nobody', () => {
  assert.deepEqual(parsePeerSpec(' Hub.Example:07677 '), {
    address: 'hub.example:7677',
    nodeId: undefined,
  });
  assert.equal(addressOfPeer('[FD00::7]:7677'), '[fd00::7]:7677');
});

test('a node id before it is read in any case, and written in one spelling', () => {
  for (const text of [`${PEOPLE}@hub:7677`, ` ${PEOPLE.toUpperCase()}@HUB:7677`]) {
    const spec = parsePeerSpec(text);
    assert.deepEqual(spec, { address: 'hub:7677', nodeId: NODE });
    assert.equal(spec && formatPeerSpec(spec), `${PEOPLE}@hub:7677`);
    assert.equal(addressOfPeer(text), 'hub:7677');
  }
});

test('what is cut, mistyped or no node id is refused', () => {
  const typo = `${PEOPLE[0] === 'a' ? 'b' : 'a'}${PEOPLE.slice(1)}`;
  for (const id of [
    PEOPLE.slice(0, -1),
    `${PEOPLE}a`,
    typo,
    NODE,
    '',
    'x',
    `${PEOPLE}@${PEOPLE}`,
  ]) {
    assert.equal(parsePeerSpec(`${id}@hub:7677`), undefined, id);
  }
  assert.equal(parsePeerSpec(`${PEOPLE}@hub`), undefined);
  assert.equal(addressOfPeer('nonsense'), 'nonsense');
});
