// The configuration of an agent as a caller may see it: its own agent with its sealed values opened, everybody else without.
import type { MessageInitShape } from '@bufbuild/protobuf';
import {
  type DesiredConfig,
  entryId,
  HoldfastError,
  type TokenHolder,
} from '../../../core/index.ts';
import type { DesiredConfigSchema } from '../../../gen/holdfast/v1/config_pb.ts';
import type { Backend } from '../backend.ts';
import type { SecretPlace } from '../controls/secret-control.ts';
import { fromDesired } from '../convert/index.ts';

/** Where the sealed values of an entry belong: the document is the entry, whichever its revision, and the path that of the value. */
export function placeOfEntry(
  entry: { readonly scope: string; readonly name: string },
  path: readonly string[],
): SecretPlace & { readonly path: readonly string[] } {
  return { agent: entry.scope, collection: 'configs', id: entryId(entry), path };
}

/** Throws HoldfastError LIMIT_REACHED for a configuration that is given to nobody. */
export function showDesired(
  { secrets }: Pick<Backend, 'secrets'>,
  caller: TokenHolder,
  desired: DesiredConfig,
): MessageInitShape<typeof DesiredConfigSchema> {
  if (desired.trouble !== '') {
    throw new HoldfastError(
      'LIMIT_REACHED',
      `The configuration of "${desired.agent}" is given to nobody: ${desired.trouble}. Remove or shorten entries.`,
    );
  }
  if (caller.scope !== 'agent' || desired.sealed.length === 0) return fromDesired(desired, []);
  const parts = desired.sealed.map((part) => ({
    sealed: part.value,
    place: placeOfEntry(part, part.path),
  }));
  const opened = secrets.openParts(caller.agent, parts);
  return fromDesired(
    desired,
    desired.sealed.map(({ path }, index) => ({
      path,
      opened: opened[index] ?? 'it was not opened',
    })),
  );
}
