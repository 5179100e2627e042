// The peer's process from outside: starts an automerge-repo on a directory and asks it over IPC.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** It arms timers for moments that have passed; Node would warn on every run. */
const QUIETLY = ['--disable-warning=TimeoutNegativeWarning'];
/** Thousands of documents take it minutes; a benchmark that hangs says less than one that fails. */
const ANSWER_LIMIT_MS = 600_000;
const PROGRAM = fileURLToPath(new URL('./repo-peer.ts', import.meta.url));

type Order =
  /** New documents; answers their URLs. */
  | { readonly do: 'create'; readonly count: number }
  /** Loads documents from the own storage. */
  | { readonly do: 'open'; readonly urls: readonly string[] }
  /** Answers the port. */
  | { readonly do: 'listen' }
  | { readonly do: 'connect'; readonly port: number }
  /** Answers when so many documents can be read. */
  | { readonly do: 'ready'; readonly count: number }
  /** Changes six fields; different `n`, different values. */
  | { readonly do: 'change'; readonly url: string; readonly n: number }
  | { readonly do: 'flush' };

export type RepoCall = Order & { readonly id: number };

export interface RepoAnswer {
  readonly id: number;
  readonly result?: readonly string[] | number | undefined;
  readonly error?: string;
}

export class RepoPeer implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, PromiseWithResolvers<RepoAnswer['result']>>();
  #nextId = 1;

  constructor(directory: string, name: string) {
    this.#child = fork(PROGRAM, [directory, name], {
      execArgv: QUIETLY,
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    this.#child.on('message', (answer: RepoAnswer) => this.#answered(answer));
    this.#child.on('exit', () => this.#ended());
  }

  async create(count: number): Promise<readonly string[]> {
    return (await this.#ask({ do: 'create', count })) as readonly string[];
  }

  async listen(): Promise<number> {
    return (await this.#ask({ do: 'listen' })) as number;
  }

  async tell(order: Exclude<Order, { do: 'create' | 'listen' }>): Promise<void> {
    await this.#ask(order);
  }

  /** Writes everything to its storage and ends the process. */
  async stop(): Promise<void> {
    await this.tell({ do: 'flush' });
    await this[Symbol.asyncDispose]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    this.#child.kill('SIGKILL');
    await once(this.#child, 'exit');
  }

  #ask(order: Order): Promise<RepoAnswer['result']> {
    const id = this.#nextId++;
    const answer = Promise.withResolvers<RepoAnswer['result']>();
    this.#waiting.set(id, answer);
    this.#child.send({ ...order, id } satisfies RepoCall);
    const limit = setTimeout(
      () => this.#answered({ id, error: `"${order.do}" took over ${ANSWER_LIMIT_MS / 1000} s` }),
      ANSWER_LIMIT_MS,
    );
    return answer.promise.finally(() => clearTimeout(limit));
  }

  #answered({ id, result, error }: RepoAnswer): void {
    const answer = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (error === undefined) answer?.resolve(result);
    else answer?.reject(new Error(`automerge-repo: ${error}`));
  }

  #ended(): void {
    for (const answer of this.#waiting.values())
      answer.reject(new Error('the automerge-repo process ended'));
    this.#waiting.clear();
  }
}
