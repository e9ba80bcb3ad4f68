import { createHash } from 'node:crypto';
import {
  CLONE,
  MOUNT_ATTR,
  MOUNT_ATTR__ATIME,
  MS,
  MS_PRIVATE,
  MS_SHARED,
  MS_SLAVE,
  MS_UNBINDABLE,
  RLIMIT,
  RLIM_INFINITY,
  SECCOMP_FLAG,
  S_IFBLK,
  S_IFIFO,
} from '../util/linux.js';
import { IOPRIO_CLASS, IOPRIO_CLASS_SHIFT, SCHED_POLICY } from '../util/linux-process.js';
import { signalName } from '../util/signals.js';
import type { Step, StepName, StepOf } from './steps.js';
import type { ParentAct } from './types.js';

type Describers = { readonly [N in StepName]: (step: StepOf<N>) => string };

/** The words for each step: verb and object, as they stand in plans and in errors. */
const DESCRIBERS: Describers = {
  unshare: ({ flags }) => `unshare ${namespaceNames(flags)}`,
  'join-namespaces': ({ flags }) => `join ${namespaceNames(flags)}`,
  'enter-pid-namespace': () => 'enter the pid namespace',
  'set-propagation': ({ path, propagation }) => `make the mounts below ${path} ${propagationName(propagation)}`,
  'open-tree': ({ path }) => `open tree ${path}`,
  'open-directory': ({ path, root }) => `open directory ${at(root, path)}`,
  'change-directory': ({ path, root }) => `change directory to ${at(root, path)}`,
  mount: ({ type, root, target }) => `mount ${type} on ${at(root, target)}`,
  'attach-mount': ({ tree, root, target }) => `attach ${tree ?? 'nothing'} to ${at(root, target)}`,
  'set-mount-attributes': ({ root, target, set }) => `set ${attributeNames(set)} on ${at(root, target)}`,
  'make-directory': ({ root, path }) => `make directory ${at(root, path)}`,
  'make-file': ({ root, path }) => `make file ${at(root, path)}`,
  'make-node': ({ root, path }) => `make node ${at(root, path)}`,
  'make-symlink': ({ root, path, target }) => `make symlink ${at(root, path)} to ${target}`,
  'mask-path': ({ path }) => `mask ${path}`,
  'read-only-path': ({ path }) => `make ${path} read-only`,
  'pivot-root': () => 'pivot root',
  'set-hostname': ({ name }) => `set hostname ${name}`,
  'set-domainname': ({ name }) => `set domainname ${name}`,
  'bring-up-loopback': () => 'bring up lo',
  'write-sysctl': ({ name, value }) => `write ${JSON.stringify(value)} to sysctl ${name}`,
  'set-rlimit': ({ resource, soft, hard }) => `set rlimit ${rlimitName(resource)} to ${limit(soft)}:${limit(hard)}`,
  'set-oom-score-adj': ({ value }) => `set oom_score_adj to ${String(value)}`,
  'set-umask': ({ mask }) => `set umask ${mask.toString(8).padStart(4, '0')}`,
  'new-session': () => 'start a session',
  'set-standard-streams': () => 'set stdin, stdout and stderr',
  'set-parent-death-signal': ({ signal }) => `set parent-death signal ${signalName(Number(signal))}`,
  'find-executable': ({ file }) => `find executable ${file}`,
  'stay-as-init': () => 'stay as init',
  synchronize: () => 'wait for the hooks of the runtime',
  'run-hook': ({ path }) => `run hook ${path}`,
  'await-start': () => 'wait for the start',
  'set-user': ({ uid, gid, groups }) =>
    `set user ${String(uid)}:${String(gid)}${groups.length > 0 ? ` with groups ${groups.join(',')}` : ''}`,
  'set-bounding-capabilities': ({ keep }) => `set bounding capabilities ${hex(keep)}`,
  'set-capabilities': ({ effective }) => `set capabilities ${hex(effective)}`,
  'set-no-new-privileges': () => 'set no_new_privs',
  'close-descriptors': ({ first }) => `close descriptors from ${String(first)} on`,
  exec: ({ argv }) => `exec ${argv[0] ?? ''}`,
  'serve-files': () => 'serve files',
  'open-terminal': () => 'open terminal',
  'open-master': () => 'open the master of the terminal',
  'keep-descriptor': ({ descriptor, number }) =>
    `keep ${descriptor ?? 'nothing'} in the init as descriptor ${String(number)}`,
  'keep-children': () => 'keep the list of its children',
  // Of a container that was created before, the filter itself is not kept.
  'set-seccomp': ({ program, profile }) =>
    program.length === 0
      ? 'load the seccomp filter'
      : `load the seccomp filter (${String(program.length / 8)} instructions, ${profileName(profile)})`,
  'change-mount': (step) => `change ${step.mount ?? 'nothing'}: ${changeWords(step)}`,
  'make-mount': ({ type, mount }) => `make ${type} as ${mount}`,
  'place-mount': ({ mount, root, target }) => `place ${mount ?? 'nothing'} on ${at(root, target)}`,
  'make-device': ({ root, path, tree }) => `${tree === undefined ? 'make' : 'bind'} device ${at(root, path)}`,
  'copy-up': ({ mount, root, path }) => `copy ${at(root, path)} into ${mount ?? 'nothing'}`,
  'replace-symlink': ({ root, path, target }) => `replace ${at(root, path)} by a symlink to ${target}`,
  'change-root': () => 'change root',
  remount: ({ root, target }) => `remount ${at(root, target)}`,
  'enter-time-namespace': ({ offsets }) =>
    ['enter a new time namespace', ...offsets.split('\n')].filter((line) => line !== '').join(', '),
  'set-working-directory': ({ path, again }) =>
    `change directory to ${path}${Number(again) === 1 ? ', where it was closed before' : ''}`,
  'own-standard-streams': ({ uid }) => `give stdin, stdout and stderr to user ${String(uid)}`,
  'set-scheduler': ({ policy }) => `set scheduler ${POLICY_NAMES[Number(policy)] ?? String(policy)}`,
  'set-io-priority': ({ priority }) => `set I/O priority ${ioPriority(Number(priority))}`,
  'set-personality': ({ domain }) => `set personality ${hex(domain)}`,
  'set-memory-policy': ({ mode, nodes }) => `set memory policy ${hex(mode)} on nodes ${nodes.join(',')}`,
  'set-security-label': ({ file, label }) => `write ${JSON.stringify(label)} to /proc/${file}`,
  'join-session-keyring': ({ name }) => `join session keyring ${name}`,
  'place-descriptor': ({ number }) => `hand on descriptor ${String(number)}`,
  'drop-descriptors': ({ first }) => `drop descriptors from ${String(first)} on`,
  'set-cpu-affinity': ({ cpus }) => `set CPU affinity ${cpus.length > 0 ? cpus.join(',') : 'as the cgroup has it'}`,
  'find-home': ({ uid }) => `find the home directory of user ${String(uid)}`,
  'move-root': ({ cleared }) => `move root to /${cleared.length > 0 ? `, clear ${cleared.join(', ')}` : ''}`,
  'await-plan': () => 'wait for the parent to write id maps',
};

/** Returns a step as verb and object: `mount proc on /proc`. */
export function describeStep(step: Step): string {
  return (DESCRIBERS[step.op] as (step: Step) => string)(step);
}

/** Returns what the parent does as verb and object, as it stands in plans and in errors. */
export function describeAct(act: ParentAct): string {
  switch (act.act) {
    case 'set-oom-score-adj':
      return `set oom_score_adj to ${String(act.value)}`;
    case 'raise-hard-limit':
      return `raise the hard limit ${rlimitName(act.resource)} to ${limit(act.hard)}`;
    case 'move-net-device':
      return `move network device ${act.device}${act.name === act.device ? '' : ` as ${act.name}`}`;
  }
}

/** Returns what {@link describeStep} leaves out: the arguments of the system calls, for plans. */
export function stepDetail(step: Step): string {
  switch (step.op) {
    case 'mount':
      return [...step.options, attributeNames(step.attributes)].filter((word) => word !== '').join(' ');
    case 'attach-mount':
      return [attributeNames(step.attributes), Number(step.recursive) === 1 ? 'recursive' : '']
        .filter((word) => word !== '')
        .join(' ');
    case 'make-mount':
      return [step.source, mountFlagNames(step.flags), step.data].filter((word) => word !== '').join(' ');
    case 'remount':
      return [mountFlagNames(step.flags), step.data].filter((word) => word !== '').join(' ');
    case 'make-device':
      return `${deviceWords(step)} mode ${(Number(step.mode) & 0o7777).toString(8)} owner ${String(step.uid)}:${String(step.gid)}`;
    case 'set-capabilities':
      return `permitted ${hex(step.permitted)} inheritable ${hex(step.inheritable)} ambient ${hex(step.ambient)}`;
    case 'open-terminal':
      return terminalDetail(step);
    case 'keep-children':
      return Number(step.always) === 1 ? 'to kill them with it' : 'to kill them should the parent die';
    case 'set-seccomp':
      return [
        ...flagNames(SECCOMP_FLAG, step.flags).map((name) => name.toLowerCase()),
        `sha256:${digest(step.program)}`,
      ].join(' ');
    case 'set-scheduler':
      return schedulerDetail(step);
    case 'exec':
      return step.argv.slice(1).map(shellWord).join(' ');
    case 'find-executable':
      return `in ${step.path}`;
    default:
      return '';
  }
}

function terminalDetail({ columns, rows, uid, console, master }: StepOf<'open-terminal'>): string {
  const words = [`${String(columns)}x${String(rows)}`, `owner ${String(uid)}`, console];
  return [...words, master === undefined ? '' : `of ${master}`].filter((word) => word !== '').join(' ');
}

function changeWords({ set, clear, propagation, recursive }: StepOf<'change-mount'>): string {
  const words = [
    attributeNames(set),
    BigInt(clear) === 0n ? '' : `not ${clearedNames(BigInt(clear), BigInt(set))}`,
    BigInt(propagation) === 0n ? '' : propagationName(propagation),
    Number(recursive) === 1 ? 'recursive' : '',
  ];
  return words.filter((word) => word !== '' && word !== 'not ').join(' ');
}

// The mode of access times is cleared to be set anew: where nothing of it is set, that is relatime.
function clearedNames(clear: bigint, set: bigint): string {
  const atime = BigInt(MOUNT_ATTR__ATIME);
  const others = attributeNames(clear & ~atime);
  const hasAtime = (clear & atime) !== 0n && (set & atime) === 0n;
  return [others, hasAtime ? 'noatime' : ''].filter((word) => word !== '').join(',');
}

function propagationName(type: number | bigint): string {
  return PROPAGATION_NAMES.get(Number(type)) ?? String(type);
}

const PROPAGATION_NAMES: ReadonlyMap<number, string> = new Map([
  [MS_PRIVATE, 'private'],
  [MS_SHARED, 'shared'],
  [MS_SLAVE, 'slave'],
  [MS_UNBINDABLE, 'unbindable'],
]);

function mountFlagNames(bits: number | bigint): string {
  return flagNames(MS, bits)
    .map((name) => name.slice('MS_'.length).toLowerCase())
    .join(',');
}

function deviceWords({ mode, device }: StepOf<'make-device'>): string {
  const number = Number(device);
  const minor = (number % 0x100) + Math.floor(number / 0x10_0000) * 0x100;
  const major = Math.floor(number / 0x100) % 0x1000;
  const type = Number(mode) & 0o170000;
  if (type === S_IFIFO) return 'fifo';
  return `${type === S_IFBLK ? 'block' : 'character'} ${String(major)}:${String(minor)}`;
}

function schedulerDetail({ flags, nice, priority, runtime, deadline, period }: StepOf<'set-scheduler'>): string {
  return Object.entries({ flags, nice, priority, runtime, deadline, period })
    .flatMap(([name, value]) => (BigInt(value) === 0n ? [] : [`${name} ${String(value)}`]))
    .join(' ');
}

// Slots are named where a path alone would mislead: the stage is not the container.
function at(root: string | undefined, path: string): string {
  if (root === undefined || root === 'root') return path;
  return `${root}:${path}`;
}

function namespaceNames(flags: number | bigint): string {
  const names = flagNames(CLONE, flags).map((name) => name.slice('CLONE_NEW'.length).toLowerCase());
  return `${names.map((name) => (name === 'ns' ? 'mount' : name)).join(', ')} namespace${names.length === 1 ? '' : 's'}`;
}

function attributeNames(bits: number | bigint): string {
  return flagNames(MOUNT_ATTR, bits)
    .map((name) => name.slice('MOUNT_ATTR_'.length).toLowerCase())
    .join(',');
}

function flagNames(table: Readonly<Record<string, number>>, bits: number | bigint): readonly string[] {
  return Object.entries(table).flatMap(([name, bit]) => ((BigInt(bits) & BigInt(bit)) === 0n ? [] : [name]));
}

function profileName(profile: string): string {
  return profile === 'default' ? 'default profile' : profile;
}

// Enough to see that two plans have the same one.
function digest(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex').slice(0, 12);
}

const POLICY_NAMES = Object.keys(SCHED_POLICY);

function ioPriority(value: number): string {
  const name = Object.keys(IOPRIO_CLASS)[(value >> IOPRIO_CLASS_SHIFT) - 1] ?? 'of no class';
  return `${name} ${String(value & ((1 << IOPRIO_CLASS_SHIFT) - 1))}`;
}

function rlimitName(resource: number | bigint): string {
  return RLIMIT_NAMES[Number(resource)] ?? String(resource);
}

const RLIMIT_NAMES = Object.keys(RLIMIT).map((name) => name.slice('RLIMIT_'.length).toLowerCase());

function limit(value: number | bigint): string {
  return value === RLIM_INFINITY ? 'unlimited' : String(value);
}

function hex(bits: number | bigint): string {
  return `0x${bits.toString(16)}`;
}

/** Returns `word` as a shell would need it written. */
export function shellWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
