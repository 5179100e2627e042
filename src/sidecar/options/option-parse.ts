// How the text of an option becomes its value, or a sentence that says why it does not.
import { z } from 'zod';

/** Why a text is no such value: a sentence that goes on after the quoted text. */
export class Refusal {
  readonly why: string;
  /** False for a text that may hold a secret. */
  readonly isQuoted: boolean;
  constructor(why: string, isQuoted = true) {
    this.why = why;
    this.isQuoted = isQuoted;
  }
}

/** Text that `parse` turns into a value or refuses. */
export function parsed<Result>(parse: (text: string) => Result) {
  return z.string().transform((text, context): Exclude<Result, Refusal> => {
    const result = parse(text);
    if (!(result instanceof Refusal)) return result as Exclude<Result, Refusal>;
    context.issues.push({
      code: 'custom',
      message: `${result.isQuoted ? JSON.stringify(text) : 'the value'} ${result.why}`,
      input: text,
    });
    return z.NEVER;
  });
}
