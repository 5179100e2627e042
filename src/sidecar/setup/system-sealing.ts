// The sealing of this machine's node: what the options say, with the places and the terminal of this process.
import process from 'node:process';
import type { Random } from '../../core/index.ts';
import { parseSealChoice } from '../identity/seal-choice.ts';
import { createSealing, type Sealing, sealPlaces } from '../identity/sealing.ts';
import { readHostFacts, type SidecarOptions } from '../options/index.ts';
import { StartupError } from '../startup-error.ts';
import { askSecret } from './ask-secret.ts';

/** `whenAuto`: of a new seed where nobody said how; `sealed` in a founded fleet. Throws StartupError for what is no such word. */
export function systemSealing(
  { seal, sealPassphraseFile }: Pick<SidecarOptions, 'seal' | 'sealPassphraseFile'>,
  whenAuto: 'plain' | 'sealed',
  random: Random,
): Sealing {
  const choice = parseSealChoice(seal);
  if (typeof choice === 'string') {
    throw new StartupError(
      `${JSON.stringify(seal)} ${choice}. Nothing was changed.`,
      'docs/OPERATIONS.md says what each is good for.',
    );
  }
  return createSealing({
    ...{ choice, whenAuto, random, askSecret },
    passphraseFile: sealPassphraseFile,
    places: sealPlaces(process.env, readHostFacts()),
  });
}
