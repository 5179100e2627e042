// How the text of an option becomes its value, or a sentence that says why it does not.
import { z } from 'zod';

/** Why a text is no such value: a sentence that goes on after the quoted text. */
export class Refusal {
  readonly why: string;
  constructor(why: string) {
    this.why = why;
  }
}

/** Text that `parse` turns into a value or refuses. */
export function parsed<Result>(parse: (text: string) => Result) {
  return z.string().transform((text, context): Exclude<Result, Refusal> => {
    const result = parse(text);
    if (!(result instanceof Refusal)) return result as Exclude<Result, Refusal>;
    context.issues.push({
      code: 'custom',
      message: `${JSON.stringify(text)} ${result.why}`,
      input: text,
    });
    return z.NEVER;
  });
}
