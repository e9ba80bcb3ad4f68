/**
 * The steps of a launch plan, in TypeScript. `native/steps.def` says the same to C++; a parity test compares them.
 *
 * @packageDocumentation
 */

/** How an argument travels: see the head of `native/steps.def`. */
export type ArgKind = 'uint' | 'int' | 'str' | 'strv' | 'ids' | 'bytes' | 'fd' | 'out';

interface StepDefinition {
  readonly number: number;
  readonly args: Readonly<Record<string, ArgKind>>;
}

export const STEPS = {
  unshare: { number: 1, args: { flags: 'uint' } },
  'join-namespaces': { number: 2, args: { namespaces: 'fd', flags: 'uint' } },
  'enter-pid-namespace': { number: 3, args: {} },
  'set-propagation': { number: 4, args: { path: 'str', propagation: 'uint' } },
  'open-tree': { number: 5, args: { path: 'str', flags: 'uint', tree: 'out' } },
  'open-directory': { number: 6, args: { root: 'fd', path: 'str', directory: 'out' } },
  'change-directory': { number: 7, args: { root: 'fd', path: 'str' } },
  mount: {
    number: 8,
    args: {
      type: 'str',
      source: 'str',
      options: 'strv',
      root: 'fd',
      target: 'str',
      attributes: 'uint',
      create: 'uint',
    },
  },
  'attach-mount': {
    number: 9,
    args: { tree: 'fd', root: 'fd', target: 'str', attributes: 'uint', recursive: 'uint', create: 'uint' },
  },
  'set-mount-attributes': {
    number: 10,
    args: { root: 'fd', target: 'str', set: 'uint', clear: 'uint', recursive: 'uint' },
  },
  'make-directory': { number: 11, args: { root: 'fd', path: 'str', mode: 'uint' } },
  'make-file': { number: 12, args: { root: 'fd', path: 'str', mode: 'uint', content: 'str' } },
  'make-node': { number: 13, args: { root: 'fd', path: 'str', mode: 'uint', device: 'uint' } },
  'make-symlink': { number: 14, args: { root: 'fd', path: 'str', target: 'str' } },
  'mask-path': { number: 15, args: { root: 'fd', path: 'str', null: 'fd' } },
  'read-only-path': { number: 16, args: { root: 'fd', path: 'str' } },
  'pivot-root': { number: 17, args: { root: 'fd' } },
  'set-hostname': { number: 18, args: { name: 'str' } },
  'set-domainname': { number: 19, args: { name: 'str' } },
  'bring-up-loopback': { number: 20, args: {} },
  'write-sysctl': { number: 21, args: { name: 'str', value: 'str' } },
  'set-rlimit': { number: 22, args: { resource: 'uint', soft: 'uint', hard: 'uint' } },
  'set-oom-score-adj': { number: 23, args: { value: 'int' } },
  'set-umask': { number: 24, args: { mask: 'uint' } },
  'new-session': { number: 25, args: {} },
  'set-standard-streams': { number: 26, args: { stdin: 'fd', stdout: 'fd', stderr: 'fd' } },
  'set-parent-death-signal': { number: 27, args: { signal: 'uint' } },
  'find-executable': { number: 28, args: { file: 'str', path: 'str' } },
  'stay-as-init': { number: 29, args: { guard: 'fd' } },
  'set-user': { number: 30, args: { uid: 'uint', gid: 'uint', groups: 'ids', setgroups: 'uint' } },
  'set-bounding-capabilities': { number: 31, args: { keep: 'uint' } },
  'set-capabilities': {
    number: 32,
    args: { effective: 'uint', permitted: 'uint', inheritable: 'uint', ambient: 'uint' },
  },
  'set-no-new-privileges': { number: 33, args: {} },
  'close-descriptors': { number: 34, args: { first: 'uint' } },
  exec: { number: 35, args: { argv: 'strv', environment: 'strv' } },
  'serve-files': { number: 36, args: { socket: 'fd' } },
  'open-terminal': {
    number: 37,
    args: {
      master: 'fd',
      root: 'fd',
      columns: 'uint',
      rows: 'uint',
      uid: 'uint',
      console: 'str',
      terminal: 'out',
    },
  },
  'keep-children': { number: 38, args: { always: 'uint' } },
  'set-seccomp': { number: 39, args: { profile: 'str', flags: 'uint', program: 'bytes' } },
  'change-mount': {
    number: 41,
    args: { mount: 'fd', set: 'uint', clear: 'uint', propagation: 'uint', recursive: 'uint' },
  },
  'make-mount': {
    number: 42,
    args: {
      type: 'str',
      source: 'str',
      flags: 'uint',
      data: 'str',
      stage: 'fd',
      root: 'fd',
      target: 'str',
      mount: 'out',
    },
  },
  'place-mount': { number: 43, args: { mount: 'fd', root: 'fd', target: 'str', rules: 'uint' } },
  'make-device': {
    number: 44,
    args: { root: 'fd', path: 'str', mode: 'uint', device: 'uint', uid: 'uint', gid: 'uint', tree: 'fd' },
  },
  'copy-up': { number: 45, args: { mount: 'fd', root: 'fd', path: 'str' } },
  'replace-symlink': { number: 46, args: { root: 'fd', path: 'str', target: 'str' } },
  'change-root': { number: 47, args: { root: 'fd' } },
  remount: { number: 48, args: { root: 'fd', target: 'str', flags: 'uint', data: 'str', stage: 'fd' } },
  'enter-time-namespace': { number: 50, args: { offsets: 'str' } },
  'set-working-directory': { number: 51, args: { path: 'str', again: 'uint' } },
  'own-standard-streams': { number: 52, args: { uid: 'uint' } },
  'set-scheduler': {
    number: 53,
    args: {
      policy: 'uint',
      flags: 'uint',
      nice: 'int',
      priority: 'uint',
      runtime: 'uint',
      deadline: 'uint',
      period: 'uint',
    },
  },
  'set-io-priority': { number: 54, args: { priority: 'uint' } },
  'set-personality': { number: 55, args: { domain: 'uint' } },
  'set-memory-policy': { number: 56, args: { mode: 'uint', nodes: 'ids' } },
  'set-security-label': { number: 57, args: { file: 'str', label: 'str' } },
  'join-session-keyring': { number: 58, args: { name: 'str', permissions: 'uint' } },
  'place-descriptor': { number: 59, args: { descriptor: 'fd', number: 'uint', first: 'uint' } },
  synchronize: { number: 60, args: {} },
  'run-hook': {
    number: 61,
    args: { path: 'str', argv: 'strv', environment: 'strv', timeout: 'uint', state: 'str', state_end: 'str' },
  },
  'await-start': { number: 62, args: { start: 'fd' } },
  'drop-descriptors': { number: 70, args: { first: 'uint', keep: 'fd' } },
  'set-cpu-affinity': { number: 71, args: { cpus: 'ids', initial: 'uint' } },
  'find-home': { number: 72, args: { uid: 'uint' } },
  'move-root': { number: 73, args: { root: 'fd', cleared: 'strv' } },
  'await-plan': { number: 74, args: {} },
  'open-master': { number: 75, args: { root: 'fd', master: 'out' } },
  'keep-descriptor': { number: 76, args: { descriptor: 'fd', number: 'uint' } },
} as const satisfies Record<string, StepDefinition>;

/** The name of a step, as `corral plan` prints it. */
export type StepName = keyof typeof STEPS;

/** The steps that do not come back: a plan ends with one of them. After `await-plan` there is another plan. */
export const FINAL_STEPS: readonly StepName[] = ['exec', 'serve-files', 'await-plan'];

/** Whoever has come as far as these has been started: the report page cannot change any more. */
export const STARTING_STEPS: readonly StepName[] = ['exec', 'serve-files'];

/** The name of a slot that holds a file descriptor while a plan runs; `undefined` where a step takes none. */
export type SlotName = string;

interface ArgValue {
  readonly uint: number | bigint;
  readonly int: number;
  readonly str: string;
  readonly strv: readonly string[];
  readonly ids: readonly number[];
  readonly bytes: Uint8Array;
  readonly fd: SlotName | undefined;
  readonly out: SlotName;
}

type ArgsOf<N extends StepName> = {
  readonly [A in keyof (typeof STEPS)[N]['args']]: (typeof STEPS)[N]['args'][A] extends ArgKind
    ? ArgValue[(typeof STEPS)[N]['args'][A]]
    : never;
};

/** One step: its name under `op`, and the arguments that the table lists for it. */
export type Step = { readonly [N in StepName]: { readonly op: N } & ArgsOf<N> }[StepName];

/** The step of one name. */
export type StepOf<N extends StepName> = Extract<Step, { readonly op: N }>;
