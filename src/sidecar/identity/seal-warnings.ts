// What an operator is told of a seed that lies in clear text though somebody asked for it to be sealed.

import type { FleetMode } from './fleet.ts';

/**
 * Sentences for the status. An open fleet whose operator asked for nothing gets none: the fleet's secret lies plain beside the seed,
 * and its mode is shown already.
 */
export function sealWarnings(
  seal: 'plain' | 'key' | 'passphrase' | undefined,
  asked: string,
  mode: FleetMode,
): readonly string[] {
  if (seal !== 'plain' || (asked === 'auto' && mode === 'open')) return [];
  const remedy =
    asked === 'plain' ? '' : '; stop the sidecar and run `holdfast key seal --seal auto`';
  return [
    `the key of this node is plain: whoever copies the data directory can be this node${remedy}`,
  ];
}
