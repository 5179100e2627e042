// What a node wrote to a shared document is made again where a new edition lacks it, in whatever order that edition arrives.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { DocumentTable } from '../../../src/core/documents/document-table.ts';
import { encodeRefounding } from '../../../src/core/documents/refound.ts';
import { blankView } from '../../../src/core/documents/view.ts';
import type { Op } from '../../../src/core/index.ts';
import { nextSharedEdition } from '../../../src/core/values/generation.ts';
import { sodiumCrypto } from '../../../src/sidecar/sodium-crypto.ts';

const KEY = 'notes/shared';
const OURS = '0'.repeat(31).concat('1');
const THEIRS = '0'.repeat(31).concat('2');
const STAMP = { clock: 1n, origin: 'b', receivedAtMs: 0, via: undefined };
const EDITION = nextSharedEdition(0, 7);

function table(actor: string, parts: Partial<ConstructorParameters<typeof DocumentTable>[0]> = {}) {
  return new DocumentTable({
    ...{ actor, hash: sodiumCrypto, liveLimit: 3, firstVersion: 0, forgottenVersion: -1 },
    ...{ views: [], behind: [], ownEdits: new Map() },
    ...parts,
  });
}

/** Somebody else's founding of a new edition that lacks our write, and a change on top of it. */
function newEdition(): { founding: Op; change: Op; changes: Uint8Array[] } {
  const { live } = table(THEIRS);
  const first = live.found(KEY, { theirs: 1 });
  const second = live.change(KEY, { theirs: 2 });
  assert.ok(second !== undefined);
  const lineage = [{ generation: 0, includes: [] }];
  const bytes = encodeRefounding({ lineage, change: first });
  return {
    founding: { key: KEY, kind: 'refound', generation: EDITION, bytes },
    change: { key: KEY, kind: 'change', generation: EDITION, bytes: second },
    changes: [first, second],
  };
}

/** A node that wrote the field `ours` to the edition before. */
function writer(): DocumentTable {
  const edit = {
    ...{ generation: 0, actor: OURS, seq: 1, within: [0], isLost: false },
    edits: [{ path: ['ours'], value: 1 }],
  };
  const view = { ...blankView(KEY), generation: 0, revision: '0-r', value: { ours: 1 } };
  return table(OURS, { views: [view], ownEdits: new Map([[KEY, [edit]]]) });
}

describe('an edition that lacks a write of ours', () => {
  test('makes it lost when its founding arrives', () => {
    const documents = writer();
    documents.applyRemote(newEdition().founding, STAMP);
    assert.deepEqual(documents.ownEdits.lost, [KEY]);
  });

  test('makes it lost also when a change of it came first and was read (invariant 2)', () => {
    const documents = writer();
    const { founding, change, changes } = newEdition();
    documents.applyRemote(change, STAMP);
    documents.show(KEY);
    documents.loaded(KEY, EDITION, changes.slice(1));
    documents.applyRemote(founding, STAMP);
    documents.show(KEY);
    assert.deepEqual(documents.ownEdits.lost, [KEY]);
    assert.deepEqual(documents.ownEdits.lostOf(KEY), [{ path: ['ours'], value: 1 }]);
  });

  test('does not make it lost when its founding says that it has it', () => {
    const documents = writer();
    const { change, changes } = newEdition();
    const lineage = [{ generation: 0, includes: [[OURS, 1]] as const }];
    const bytes = encodeRefounding({ lineage, change: changes[0] ?? new Uint8Array() });
    documents.applyRemote(change, STAMP);
    documents.show(KEY);
    documents.applyRemote({ key: KEY, kind: 'refound', generation: EDITION, bytes }, STAMP);
    assert.deepEqual(documents.ownEdits.lost, []);
  });
});
