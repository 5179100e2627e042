// Turns what went wrong into an exit code and sentences for a person: what happened, and what to do.
import { type Credential, HoldfastClientError, type Location } from '../agent-client/index.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';

/** Ends the program with these words on stderr and this code. */
export class CliFailure extends Error {
  override readonly name = 'CliFailure';
  readonly exitCode: ExitCode;

  constructor(exitCode: ExitCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.exitCode = exitCode;
  }
}

/** Something is wrong with what was typed. */
export function usageFailure(message: string): CliFailure {
  return new CliFailure(EXIT.usage, message);
}

/** The failure for anything that was thrown. `location` is known when a sidecar was to be called. */
export function toFailure(thrown: unknown, location?: Location): CliFailure {
  if (thrown instanceof CliFailure) return thrown;
  if (thrown instanceof HoldfastClientError) return fromClientError(thrown, location);
  const words = thrown instanceof Error ? thrown.message : String(thrown);
  return new CliFailure(EXIT.failed, `This failed: ${words}`, thrown);
}

/** What another token would not change. */
const OF_TRUST: ReadonlySet<string> = new Set(['NOT_GRANTED', 'EJECTED', 'RANK_MISSING']);

function fromClientError(error: HoldfastClientError, location: Location | undefined): CliFailure {
  if (error.unreachable) {
    return new CliFailure(EXIT.unreachable, unreachable(error, location), error);
  }
  const sentence = sentenceOf(error);
  const code = exitCodeOf(error);
  const isToken = error.reason === undefined || !OF_TRUST.has(error.reason);
  const hint = code === EXIT.denied && isToken ? describeToken(location?.credential) : '';
  return new CliFailure(code, hint === '' ? sentence : `${sentence}\n${hint}`, error);
}

function exitCodeOf({ code, reason }: HoldfastClientError): ExitCode {
  switch (code) {
    case 'invalid_argument':
    case 'out_of_range':
      return EXIT.usage;
    case 'unauthenticated':
    case 'permission_denied':
      return EXIT.denied;
    case 'not_found':
    case 'already_exists':
    case 'failed_precondition':
    case 'aborted':
      return EXIT.notFoundOrConflict;
    case 'canceled':
      return EXIT.interrupted;
    case 'deadline_exceeded':
      return EXIT.unreachable;
    case 'unavailable':
      return reason === 'STORE_FAILED' ? EXIT.failed : EXIT.unreachable;
    case 'unknown':
    case 'resource_exhausted':
    case 'unimplemented':
    case 'internal':
    case 'data_loss':
      return EXIT.failed;
  }
}

function unreachable(error: HoldfastClientError, location: Location | undefined): string {
  if (location === undefined) return `No sidecar answers: ${error.message}`;
  const { text, source } = location.endpoint;
  return [
    `No sidecar answers at ${text} (from ${source}): ${error.message}`,
    'Start one with `holdfast run`, or say where it is with --address, --data-dir or HOLDFAST_ADDRESS.',
  ].join('\n');
}

function describeToken(credential: Credential | undefined): string {
  const advice = 'Give the right one with --token-file, --data-dir or HOLDFAST_TOKEN_FILE.';
  switch (credential?.kind) {
    case 'file':
      return `The token is read from ${credential.path} (from ${credential.source}). ${advice}`;
    case 'none':
      return `No token was sent: ${credential.why}. ${advice}`;
    case 'token':
    case undefined:
      return advice;
  }
}

/** The sidecar's own sentence, with the field at fault unless it begins with it. Names are written as they are. */
function sentenceOf({ message, field }: HoldfastClientError): string {
  const beginsWithWord = /^[a-z]+ /.test(message);
  const sentence = beginsWithWord ? message.charAt(0).toUpperCase() + message.slice(1) : message;
  return field === undefined || message.startsWith(field)
    ? sentence
    : `${sentence} (field ${field})`;
}
