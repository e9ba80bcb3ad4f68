import { resolve } from 'node:path/posix';
import { inspect } from 'node:util';
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { Store } from '../container/store.js';
import { checkContainerId } from '../spec/parse/name.js';
import { checkSwitch, toUsageWords } from './flag-words.js';
import { Log, type LogFormat } from './log.js';
import { defaultRoot } from './root.js';
import { toRuncWords } from './runc-words.js';
import type { Globals, Verb } from './verb.js';
import { VERBS } from './verbs.js';
import { printVersion } from './version.js';

interface GlobalFlags {
  readonly root?: string;
  readonly log?: string;
  readonly logFormat: LogFormat;
  readonly debug?: true;
  readonly systemdCgroup?: true;
  readonly cgroupManager?: Globals['cgroupManager'];
  readonly criu: string;
}

interface Outcome {
  exitCode: number;
  /** The exit code of a failure. */
  failure: number;
  /** Empty until it is known. */
  verb: string;
}

/**
 * Does what an engine asks.
 *
 * @param argv - the words after `corral-oci`
 * @returns the exit code; everything has been printed by then
 */
export async function runCommandLine(argv: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  const outcome: Outcome = { exitCode: 0, failure: 1, verb: '' };
  const program = createProgram(outcome, env);
  try {
    await program.parseAsync(argv, { from: 'user' });
    return outcome.exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 1;
    const log = openLog(program);
    log.debug(inspect(error));
    log.fail(toRuncWords(error, outcome.verb));
    return outcome.failure;
  }
}

function openLog(program: Command): Log {
  const { log, logFormat, debug } = program.opts<GlobalFlags>();
  return new Log({ file: log, format: logFormat, debug: debug === true });
}

function createProgram(outcome: Outcome, env: NodeJS.ProcessEnv): Command {
  const program = new Command('corral-oci')
    .description('Runs OCI bundles for container engines, in place of runc.')
    .enablePositionalOptions()
    .exitOverride()
    // Of a wrong command line, too, engines read in the log.
    .configureOutput({
      outputError: (message) => {
        openLog(program).fail(
          toUsageWords(message)
            .trimEnd()
            .replace(/^error: /m, ''),
        );
      },
    })
    .helpCommand(false)
    .option('--root <DIR>', `where containers are registered (default: ${defaultRoot(env)})`)
    .option('--log <FILE>', 'write the log there instead of to standard error')
    .option('--log-format <FORMAT>', 'text or json', parseFormat, 'text')
    .option('--debug', 'log more')
    .option('--systemd-cgroup', 'have systemd make the cgroups; cgroupsPath is slice:prefix:name then')
    .addOption(
      new Option('--cgroup-manager <NAME>', 'who makes the cgroups, as crun has it; disabled: there are none').choices([
        'cgroupfs',
        'systemd',
        'disabled',
      ]),
    )
    .option('--criu <PATH>', 'the program that checkpoint and restore call', 'criu')
    .option(
      '--rootless <MODE>',
      'true, false or auto: taken and not needed, rights are looked at as they are',
      checkSwitch,
    )
    .option('-v, --version', 'print the version')
    .on('option:version', () => {
      printVersion();
      throw new CommanderError(0, 'commander.version', '');
    });
  for (const [name, { summary, hidden = false }] of Object.entries(VERBS)) {
    program.command(name, { hidden }).summary(summary);
  }
  return program.hook('preSubcommand', async (_program, command) => {
    const verb = await VERBS[command.name()]?.load();
    if (verb === undefined) return;
    outcome.failure = verb.failure ?? 1;
    outcome.verb = command.name();
    configureVerb(command, verb);
    command.action(async () => {
      outcome.exitCode = await callVerb(verb, command, readGlobals(program, env));
    });
  });
}

function configureVerb(command: Command, verb: Verb): void {
  command.description(verb.description);
  if (verb.operands !== '') command.arguments(verb.operands);
  if (verb.takesCommand === true) command.passThroughOptions();
  verb.configure?.(command);
}

async function callVerb(verb: Verb, command: Command, globals: Globals): Promise<number> {
  const flags = command.opts<never>();
  globals.debug(`${command.name()} ${JSON.stringify(command.args)} with ${JSON.stringify(flags)}`);
  const exitCode = await verb.act({ operands: command.args, flags, globals });
  globals.debug(`${command.name()} has ended with ${String(exitCode)}`);
  return exitCode;
}

function readGlobals(program: Command, env: NodeJS.ProcessEnv): Globals {
  const { root, systemdCgroup, cgroupManager, criu } = program.opts<GlobalFlags>();
  return {
    store: new Store(resolve(root ?? defaultRoot(env)), checkContainerId),
    cgroupManager: cgroupManager ?? (systemdCgroup === true ? 'systemd' : 'cgroupfs'),
    criu,
    warn: (text) => {
      openLog(program).warn(text);
    },
    debug: (text) => {
      openLog(program).debug(text);
    },
  };
}

function parseFormat(value: string): LogFormat {
  if (value === 'text' || value === 'json') return value;
  throw new InvalidArgumentError(`${JSON.stringify(value)} is not text or json.`);
}
