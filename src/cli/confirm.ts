// A question before something that cannot be taken back.
import type { CommonFlags, Session } from './client-command.ts';
import { CliFailure, usageFailure } from './errors.ts';
import { EXIT } from './exit-codes.ts';

/** Asks unless --yes was given. Rejects with CliFailure when the answer is no, or when nobody can be asked. */
export async function confirm(
  { flags, context }: Pick<Session<CommonFlags & { readonly yes?: true }>, 'flags' | 'context'>,
  question: string,
): Promise<void> {
  if (flags.yes === true) return;
  const answer = await context.ask(`${question} [yes/no] `);
  if (answer === undefined) {
    throw usageFailure(
      `${question} Nobody sits at a terminal to answer. Nothing was done; give --yes.`,
    );
  }
  if (/^y(es)?$/i.test(answer.trim())) return;
  throw new CliFailure(EXIT.interrupted, 'Nothing was done.');
}
