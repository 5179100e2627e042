// Says why LevelDB did not open, and what to do: it reports most causes as one code and a sentence in its own words.
import { StartupError } from '../startup-error.ts';

interface Explanation {
  readonly sign: RegExp;
  /** `{}` stands for the directory, `{detail}` for the words of the innermost cause. */
  readonly message: string;
  readonly hint: string;
}

const GIVE_BACK =
  'Keep a copy and run `holdfast repair`, or restore {} from a backup. Peers give back what they hold of it.';

/** The first whose sign occurs in the code or message of the error or of one of its causes. */
const EXPLANATIONS: readonly Explanation[] = [
  {
    sign: /LEVEL_LOCKED/,
    message: 'Another sidecar is using {}.',
    hint: 'Stop it first. To run two sidecars on one machine, give each a data directory of its own.',
  },
  {
    sign: /No space left on device|ENOSPC|EDQUOT|quota exceeded/i,
    message: 'The disk that holds {} is full.',
    hint: 'Free some space and start again; nothing that was acknowledged is lost.',
  },
  {
    sign: /Permission denied|EACCES|EPERM|Read-only file system|EROFS|Operation not permitted/,
    message: '{} cannot be written.',
    hint: 'Give it to the user the sidecar runs as (chown -R), or choose another data directory.',
  },
  {
    sign: /ENOTDIR|EEXIST|Not a directory/,
    message: '{} cannot be created: a file is in its place.',
    hint: 'Move that file away, or choose another data directory.',
  },
  {
    sign: /EMFILE|ENFILE|Too many open files/,
    message: 'The store in {} cannot be opened: too many files are open.',
    hint: 'Raise the limit of open files of the sidecar (ulimit -n, LimitNOFILE) to at least 4096.',
  },
  {
    sign: /create_if_missing is false/,
    message: 'The store in {} is damaged: its CURRENT file is gone.',
    hint: GIVE_BACK,
  },
  {
    sign: /LEVEL_CORRUPTION|LEVEL_IO_ERROR.*No such file or directory/,
    message: 'The store in {} is damaged ({detail}).',
    hint: GIVE_BACK,
  },
];

const UNKNOWN: Omit<Explanation, 'sign'> = {
  message: 'The store in {} cannot be opened ({detail}).',
  hint: 'Check the disk and the data directory, then start again.',
};

export function explainOpenFailure(error: unknown, directory: string): StartupError {
  if (error instanceof StartupError) return error;
  const chain = causesOf(error);
  const signs = chain.map((cause) => `${codeOf(cause)} ${messageOf(cause)}`).join('\n');
  const { message, hint } = EXPLANATIONS.find(({ sign }) => sign.test(signs)) ?? UNKNOWN;
  // The innermost cause is the concrete one; the outer ones say "Database failed to open".
  const detail = messageOf(chain.at(-1));
  const fill = (text: string): string =>
    text.replaceAll(/\{(detail)?\}/g, (_, name) => (name === undefined ? directory : detail));
  return new StartupError(fill(message), fill(hint), error);
}

function causesOf(error: unknown): readonly unknown[] {
  const chain: unknown[] = [];
  for (let next = error; next !== undefined && !chain.includes(next); ) {
    chain.push(next);
    next = next instanceof Error ? next.cause : undefined;
  }
  return chain;
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
