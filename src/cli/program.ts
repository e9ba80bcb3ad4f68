import { resolve } from 'node:path/posix';
import { Command, CommanderError, Option } from 'commander';
import { EXIT, errorExitCode } from './exit-codes.js';
import { type Flags, type Spelling, addFlags } from './flags/flag.js';
import { EVERYWHERE, GLOBAL_FLAGS } from './flags/global.js';
import { HELP, HELP_OUTPUT, helpEnd, readVersion } from './help.js';
import { printErr, printOut } from './print.js';
import { printError } from './report-error.js';
import { parseUsageError, unknownVerb } from './usage-error.js';
import type { Verb, VerbContext } from './verb.js';
import { VERBS } from './verbs.js';

/**
 * Does what a command line says.
 *
 * @param argv - the words after `corral`
 * @returns the exit code; everything has been printed by then
 */
export async function runCommandLine(argv: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  const spelling: Spelling = new Map([['command', 'COMMAND']]);
  const outcome: Outcome = { exitCode: EXIT.ok };
  try {
    await createProgram(spelling, outcome, env).parseAsync(argv, { from: 'user' });
    return outcome.exitCode;
  } catch (error) {
    const runs = outcome.verb?.runs === true;
    if (error instanceof CommanderError) return usageExitCode(error, runs);
    printError(error, spelling);
    return errorExitCode(error, { runs });
  }
}

interface Outcome {
  exitCode: number;
  /** The verb that was called, once it is known. */
  verb?: Verb;
  verbName?: string;
}

function createProgram(spelling: Spelling, outcome: Outcome, env: NodeJS.ProcessEnv): Command {
  const printUsageError = (message: string): void => {
    printError(parseUsageError(message, outcome.verbName, Object.keys(VERBS)), spelling);
  };
  const program = new Command('corral')
    .description('Runs commands in containers, each in a cgroup of its own, and takes a whole container down at once.')
    .enablePositionalOptions()
    .exitOverride()
    .configureHelp(HELP)
    .configureOutput({ ...HELP_OUTPUT, writeOut: printOut, writeErr: printErr, outputError: printUsageError })
    .helpCommand(false)
    .addHelpText('after', OVERVIEW_END);
  configureFlags(program, {}, spelling);
  program.addOption(new Option('--version', 'print the version').helpGroup(EVERYWHERE)).on('option:version', () => {
    printOut(`corral ${readVersion()}\n`);
    throw new CommanderError(EXIT.ok, 'commander.version', '');
  });
  for (const [name, { summary, group, aliases = [] }] of Object.entries(VERBS)) {
    program.command(name).aliases(aliases).summary(summary).helpGroup(`${group}:`);
  }
  const prepare = async (command: Command): Promise<void> => {
    const verb = await VERBS[command.name()]?.load();
    if (verb === undefined) return;
    Object.assign(outcome, { verb, verbName: command.name() });
    configureVerb(command, verb, spelling);
    command.action(async () => {
      const context = { stateDir: stateDirectory(program, command, env) };
      outcome.exitCode = await callVerb(verb, command, context);
    });
  };
  addHelpVerb(program, prepare);
  // A verb's flags are added once it is known that they are wanted.
  return program.hook('preSubcommand', (_program, command) => prepare(command));
}

function addHelpVerb(program: Command, prepare: (command: Command) => Promise<void>): void {
  program
    .command('help', { hidden: true })
    .argument('[verb]')
    .action(async (name: string | undefined) => {
      const isIt = (verb: Command): boolean => [verb.name(), ...verb.aliases()].includes(name ?? '');
      const command = name === undefined ? program : program.commands.find(isIt);
      if (command === undefined) throw unknownVerb(String(name), Object.keys(VERBS));
      await prepare(command);
      command.outputHelp();
    });
}

const OVERVIEW_END = helpEnd({
  notes: 'corral VERB --help explains a verb.',
  examples: [
    ['corral run ls -l', 'a command of this host, in a container: it can change nothing'],
    ['corral run -m 256M --pids-limit 64 --timeout 10s -- sh -c "make test"', 'with limits, and an end'],
    ['corral kill --dry-run --all', 'what would die'],
  ],
});

function configureVerb(command: Command, verb: Verb, spelling: Spelling): void {
  command.description(verb.description).addHelpText('after', helpEnd(verb));
  if (verb.operands !== '') command.arguments(verb.operands);
  if (verb.takesCommand === true) command.passThroughOptions();
  configureFlags(command, verb.flags, spelling);
}

function configureFlags(command: Command, flags: Flags, spelling: Spelling): void {
  addFlags(command, { ...flags, ...GLOBAL_FLAGS }, spelling);
  command.addHelpOption(new Option('-h, --help', 'print this').helpGroup(EVERYWHERE));
}

function callVerb(verb: Verb, command: Command, context: VerbContext): Promise<number> {
  const { stateDir: _, ...options } = command.opts<Record<string, unknown>>();
  return verb.act({ operands: command.args, options, context } as never);
}

function stateDirectory(program: Command, command: Command, env: NodeJS.ProcessEnv): string | undefined {
  const given =
    command.opts<{ stateDir?: string }>().stateDir ??
    program.opts<{ stateDir?: string }>().stateDir ??
    env['CORRAL_STATE_DIR'];
  return given === undefined || given === '' ? undefined : resolve(given);
}

function usageExitCode({ exitCode, code }: CommanderError, runs: boolean): number {
  if (exitCode === 0) return EXIT.ok;
  // The overview, asked for by saying nothing, goes to standard error: there is no verb.
  if (code === 'commander.help') return EXIT.usage;
  return runs ? EXIT.corralFailed : EXIT.usage;
}
