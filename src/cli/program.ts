// The program: all commands, and the one place where what went wrong becomes words and an exit code.
import process from 'node:process';
import { Command, CommanderError } from 'commander';
import { holdfastVersion } from '../agent-client/index.ts';
import { addAccess, addAgent } from './commands/access.ts';
import { addAgentRun } from './commands/agent-run.ts';
import { addAudit } from './commands/audit.ts';
import { addBundle } from './commands/bundle.ts';
import { addCmd } from './commands/cmd/index.ts';
import { addCompletion } from './commands/completion.ts';
import { addConfig } from './commands/config.ts';
import { addContext } from './commands/context.ts';
import { addDash } from './commands/dash.ts';
import { addDelegate } from './commands/delegate.ts';
import { addDemo } from './commands/demo.ts';
import { addDiagnose } from './commands/diagnose.ts';
import { addDocuments } from './commands/documents.ts';
import { addEject } from './commands/eject.ts';
import { addExplain } from './commands/explain.ts';
import { addHelp } from './commands/help.ts';
import { addInit } from './commands/init.ts';
import { addInventory } from './commands/inventory.ts';
import { addJoin } from './commands/join.ts';
import { addKey } from './commands/key.ts';
import { addMembers } from './commands/members.ts';
import { addPeers } from './commands/peers.ts';
import { addPolicy } from './commands/policy.ts';
import { addRepair } from './commands/repair.ts';
import { addRoot } from './commands/root.ts';
import { addRun, addRunOptions } from './commands/run.ts';
import { addSecrets } from './commands/secrets.ts';
import { addStatus } from './commands/status.ts';
import { addTelemetry } from './commands/telemetry.ts';
import { addMember, addToken } from './commands/token.ts';
import { addTrust } from './commands/trust.ts';
import { addWatch } from './commands/watch.ts';
import { type CliContext, systemContext } from './context.ts';
import { toFailure } from './errors.ts';
import { EXIT } from './exit-codes.ts';
import { describeVerbs } from './verb-notes.ts';

/** Runs one command line, without the name of the program. Resolves to the exit code; never rejects. */
export async function runCli(args: readonly string[], context: CliContext): Promise<number> {
  let exitCode: number = EXIT.ok;
  const program = createProgram(context, (code) => {
    exitCode = code;
  });
  try {
    const [verb, topic] = args.filter((arg) => !arg.startsWith('-'));
    if (verb === 'run' || (verb === 'help' && topic === 'run')) await addRunOptions(program);
    await program.parseAsync([...args], { from: 'user' });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    const failure = toFailure(error);
    if (failure.message !== '') context.stderr.write(`${failure.message}\n`);
    return failure.exitCode;
  }
}

/** The commands. `setExitCode` is for those that end well with a code of their own. */
export function createProgram(context: CliContext, setExitCode: (code: number) => void): Command {
  const program = new Command('holdfast')
    .description(
      'An edge sidecar with a CRDT mesh: agents talk to it on this machine, sidecars talk to each other.',
    )
    .version(holdfastVersion() ?? 'unknown', '-V, --version', 'show the version')
    .helpOption('-h, --help', 'show this help')
    .helpCommand(false)
    .configureHelp({ subcommandTerm: termOf })
    .exitOverride()
    .configureOutput({
      writeOut: (text) => context.stdout.write(text),
      writeErr: (text) => context.stderr.write(text),
    })
    .showHelpAfterError('(add --help for what is possible)');
  program.commandsGroup('Sidecar:');
  addInit(program);
  addJoin(program, context);
  addRun(program, setExitCode);
  addStatus(program, context);
  addPeers(program, context);
  addBundle(program, context);
  addAgentRun(addAgent(program, context), context);
  addAccess(program, context);
  addKey(program, context);
  addRepair(program, context, setExitCode);
  addDiagnose(program, context);
  addAudit(program, context, setExitCode);
  addDemo(program, setExitCode);
  program.commandsGroup('Fleet:');
  addMembers(program, context);
  addDash(program, context);
  addTelemetry(program, context);
  addInventory(program, context);
  addConfig(program, context);
  addCmd(program, context);
  addDelegate(program, context);
  addExplain(program, context);
  program.commandsGroup('Trust:');
  addTrust(program, context);
  addToken(program, context);
  addMember(program, context);
  addEject(program, context);
  addPolicy(program, context);
  addRoot(program, context);
  program.commandsGroup('Documents:');
  addDocuments(program, context);
  addSecrets(program, context);
  addWatch(program, context);
  program.commandsGroup('This program:');
  addContext(program, context);
  addCompletion(program, context);
  addHelp(program, context);
  describeVerbs(program);
  return program;
}

/** The first screen has names alone; further down it says what a verb takes. */
function termOf(verb: Command): string {
  if (verb.parent?.parent === null) return verb.name();
  const args = verb.registeredArguments.map((argument) => {
    const name = `${argument.name()}${argument.variadic ? '...' : ''}`;
    return argument.required ? `<${name}>` : `[${name}]`;
  });
  return [verb.name(), ...args].join(' ');
}

/** What the executable does once Node is new enough. */
export async function main(): Promise<void> {
  process.exitCode = await runCli(process.argv.slice(2), systemContext());
}
