import { type Command, Option } from 'commander';
import { OptionError } from '../errors/option-error.js';
import type { Process, User } from '../spec/types.js';
import { CAPABILITIES } from '../util/linux.js';
import { type SubCgroups, addSubCgroup } from './sub-cgroups.js';
import { type ProcessFlags, addProcessFlags } from './flags.js';

/** Flags of `exec`. */
export interface ExecFlags extends ProcessFlags {
  readonly process?: string;
  readonly detach?: true;
  readonly tty?: true;
  readonly cwd?: string;
  readonly env: readonly string[];
  readonly user?: string;
  readonly additionalGids: readonly string[];
  readonly cap: readonly string[];
  readonly newPrivs: boolean;
  readonly apparmor?: string;
  readonly processLabel?: string;
  readonly cgroup: SubCgroups;
  readonly ignorePaused?: true;
}

/** Adds {@link ExecFlags}. */
export function addExecFlags(command: Command): void {
  const collect = (value: string, all: readonly string[]): readonly string[] => [...all, value];
  command
    .option('-p, --process <FILE>', 'a process.json, in place of a command and all that follows here')
    .option('-d, --detach', 'do not wait for its end')
    .option('-t, --tty', 'with a terminal')
    .option('--cwd <DIR>', 'its working directory')
    .option('-e, --env <KEY=VALUE>', 'add to its environment', collect, [])
    .option('-u, --user <UID[:GID]>', 'who it is')
    .option('-g, --additional-gids <GID>', 'further groups', collect, [])
    .option('-c, --cap <CAPABILITY>', 'add a capability', collect, [])
    .option('--no-new-privs', 'no gain of rights by exec')
    .option('--apparmor <PROFILE>', 'an AppArmor profile')
    .option('--process-label <LABEL>', 'an SELinux label')
    .option('--cgroup <[CONTROLLER:]PATH>', 'a cgroup below the container’s, which is there', addSubCgroup, {})
    .option('--ignore-paused', 'of a paused container it waits until that is resumed')
    .addOption(new Option('--no-subreaper', 'taken: orphans are reaped by nobody else').hideHelp());
  addProcessFlags(command);
}

/** Returns the process that words and flags ask for: what they do not say is as it is for the container's own. */
export function processOf(container: Process, words: readonly string[], flags: ExecFlags): Process {
  if (words.length === 0) throw new OptionError('command', '', 'a command: give one, or --process');
  const { capabilities } = container;
  const added = flags.cap.map(capability);
  const add = (names: readonly string[]): readonly string[] => [...new Set([...names, ...added])];
  const { consoleSize: _, ...rest } = container;
  return {
    ...rest,
    args: words,
    env: [...container.env, ...flags.env.map(variable)],
    cwd: flags.cwd ?? container.cwd,
    terminal: flags.tty === true,
    user: userOf(container.user, flags),
    capabilities: {
      bounding: add(capabilities.bounding),
      effective: add(capabilities.effective),
      permitted: add(capabilities.permitted),
      inheritable: capabilities.inheritable,
      ambient: capabilities.ambient,
    },
    noNewPrivileges: container.noNewPrivileges || !flags.newPrivs,
    ...(flags.apparmor === undefined ? {} : { apparmorProfile: flags.apparmor }),
    ...(flags.processLabel === undefined ? {} : { selinuxLabel: flags.processLabel }),
  };
}

function userOf(user: User, { user: given, additionalGids }: ExecFlags): User {
  const groups = additionalGids.map((text) => id(text, 'additional-gids'));
  if (given === undefined) return { ...user, additionalGids: [...user.additionalGids, ...groups] };
  const [uid = '', gid, ...more] = given.split(':');
  if (more.length > 0) throw new OptionError('user', given, 'of the form UID or UID:GID');
  return {
    ...user,
    uid: id(uid, 'user'),
    gid: gid === undefined ? user.gid : id(gid, 'user'),
    additionalGids: groups,
  };
}

const MOST = 0xffff_fffe;

function id(text: string, option: string): number {
  if (/^\d{1,10}$/.test(text) && Number(text) <= MOST) return Number(text);
  throw new OptionError(option, text, 'a number: names are for who makes the process.json');
}

function capability(name: string): string {
  if (CAPABILITIES.some((known) => known === name)) return name;
  throw new OptionError('cap', name, 'a capability such as CAP_KILL');
}

function variable(text: string): string {
  if (/^[^=]+=/.test(text)) return text;
  throw new OptionError('env', text, 'a variable of the form KEY=value');
}
