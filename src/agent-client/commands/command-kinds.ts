// Handlers by the kind of command, as they are looked up and as they are declared.
import type { CommandHandler, CommandHandlers, DescribedHandler } from './command-types.ts';
import type { CommandKind } from './command-values.ts';

export class HandlerTable {
  readonly #handlers: ReadonlyMap<string, DescribedHandler>;

  constructor(handlers: CommandHandlers) {
    this.#handlers = new Map(
      Object.entries(handlers).map(([kind, given]) => [kind, describe(given)]),
    );
  }

  get(kind: string): DescribedHandler | undefined {
    return this.#handlers.get(kind);
  }

  /** What the agent says it takes. */
  declarations(): CommandKind[] {
    return [...this.#handlers].map(([kind, { schema, description }]) => ({
      kind,
      schema,
      description,
    }));
  }
}

function describe(given: CommandHandler | DescribedHandler): DescribedHandler {
  return typeof given === 'function' ? { handler: given } : given;
}
