// One row of the attack suite: a name that docs/SECURITY.md lists, what the attacker does, and what must come of it.
import { test } from 'node:test';

/** The name is the row's in docs/SECURITY.md; test/docs.test.ts holds both lists against each other. */
export function attack(name: string, run: () => Promise<void>): void {
  test(name, run);
}
