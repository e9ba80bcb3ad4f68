import { describe, expect, test } from 'vitest';
import { compile } from '../../../src/compile/compile.js';
import { compileExec } from '../../../src/compile/exec.js';
import { ConfigError } from '../../../src/errors/config-error.js';
import type { HostFacts } from '../../../src/host/facts.js';
import { describeStep } from '../../../src/plan/describe.js';
import { formatPlan } from '../../../src/plan/format.js';
import type { LaunchPlan } from '../../../src/plan/types.js';
import { ANNOTATIONS } from '../../../src/spec/annotations.js';
import type { Namespace, Process, SpecNamespaceType } from '../../../src/spec/types.js';
import { type SpecChanges, engineSpec } from '../../helpers/engine-spec.js';
import { hostFacts, plainFacts } from '../../helpers/facts.js';

const plan = (changes: SpecChanges = {}, facts: HostFacts = hostFacts()): LaunchPlan =>
  compile('web', engineSpec('true', changes), facts);

const lines = (changes: SpecChanges = {}, facts?: HostFacts): readonly string[] =>
  plan(changes, facts).steps.map(describeStep);

const fresh = (...types: readonly SpecNamespaceType[]): readonly Namespace[] => types.map((type) => ({ type }));
const joined = (...types: readonly SpecNamespaceType[]): readonly Namespace[] =>
  types.map((type) => ({ type, path: `/run/${type}` }));

const IDS = [{ containerID: 0, hostID: 100_000, size: 65_536 }];
const MAPPED = { uidMappings: IDS, gidMappings: IDS };

function errorOf(changes: SpecChanges, facts?: HostFacts): ConfigError {
  try {
    plan(changes, facts);
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
  throw new Error('no error');
}

describe('the credentials', () => {
  test('are in this order', () => {
    const all = lines({ process: { rlimits: [{ type: 'RLIMIT_NOFILE', soft: 1, hard: 2 }] } });
    expect(all.slice(all.indexOf('drop descriptors from 3 on'))).toEqual([
      'drop descriptors from 3 on',
      'change directory to /',
      'set rlimit nofile to 1:2',
      expect.stringMatching(/^set bounding capabilities/),
      'give stdin, stdout and stderr to user 0',
      'set user 0:0',
      'change directory to /, where it was closed before',
      expect.stringMatching(/^set capabilities/),
      'find executable sh',
      'set no_new_privs',
      'close descriptors from 3 on',
      'wait for the start',
      'exec sh',
    ]);
  });

  test('neither have an init, nor die with their parent', () => {
    expect(lines().filter((line) => /init|parent-death/.test(line))).toEqual([]);
  });

  test('are given even without a single namespace', () => {
    const all = lines({
      mounts: [],
      linux: { namespaces: [] },
      annotations: { [ANNOTATIONS.cgroupDriver]: 'cgroupfs' },
    });
    expect(all).toContain('set user 0:0');
    expect(all.slice(1, 3)).toEqual(['open directory /srv/rootfs', 'change root']);
  });

  test('hand on the descriptors that the runtime was told to', () => {
    const preserving = plan({ annotations: { [ANNOTATIONS.preserveFds]: '2' } });
    expect(preserving.fds.slice(-2)).toEqual([
      { slot: 'inherited-3', kind: 'inherited', number: 3 },
      { slot: 'inherited-4', kind: 'inherited', number: 4 },
    ]);
    const text = formatPlan(preserving);
    expect(text).toContain('hand on descriptor 4\n');
    expect(text).toContain('close descriptors from 5 on');
  });
});

describe('the environment', () => {
  const environmentOf = (env: readonly string[]): unknown => plan({ process: { env } }).steps.at(-1);

  test('has each variable once, and HOME is looked up where there is none', () => {
    expect(environmentOf(['A=1', 'HOME=', 'A=2=3', 'ODD'])).toMatchObject({ environment: ['A=2=3', 'ODD'] });
    expect(lines({ process: { env: ['HOME='] } })).toContain('find the home directory of user 0');
    expect(lines({ process: { env: ['HOME=/', 'PATH=/a'] } })).not.toContain('find the home directory of user 0');
  });

  test('says where the program is looked for: the last PATH', () => {
    const { steps } = plan({ process: { env: ['PATH=/a', 'PATH=/b'] } });
    expect(steps.find(({ op }) => op === 'find-executable')).toMatchObject({ path: '/b' });
  });
});

describe('the parent', () => {
  test('sets what the process in a user namespace cannot', () => {
    const process: Partial<Process> = {
      oomScoreAdj: -500,
      rlimits: [{ type: 'RLIMIT_CORE', soft: 0, hard: 0xffff_ffff_ffff_ffffn }],
    };
    const linux = {
      namespaces: fresh('user', 'mount', 'pid', 'network'),
      ...MAPPED,
      netDevices: { eth1: {}, eth2: { name: 'x' } },
    };
    const { acts, steps } = plan({ process, linux });
    expect(acts).toEqual([
      { act: 'set-oom-score-adj', value: -500 },
      { act: 'raise-hard-limit', resource: 4, hard: 0xffff_ffff_ffff_ffffn },
      { act: 'move-net-device', device: 'eth1', name: 'eth1' },
      { act: 'move-net-device', device: 'eth2', name: 'x' },
    ]);
    expect(steps.map(({ op }) => op)).not.toContain('set-oom-score-adj');
    expect(formatPlan(plan({ process, linux }))).toContain(
      '  set oom_score_adj to -500\n  raise the hard limit core to unlimited\n  move network device eth1\n  move network device eth2 as x\n',
    );
  });

  test('moves devices into a network namespace that is joined', () => {
    const linux = { namespaces: [...fresh('mount', 'pid'), ...joined('network')], netDevices: { eth1: {} } };
    expect(plan({ linux }).acts).toEqual([
      { act: 'move-net-device', device: 'eth1', name: 'eth1', namespace: 'network-namespace' },
    ]);
  });
});

describe('an error names the field', () => {
  const namespaces = fresh('mount', 'pid');
  const noUserns = (): HostFacts => ({
    ...hostFacts(),
    userns: { ...hostFacts().userns, refused: 'the kernel has none' },
  });
  const cases: [pointer: string, changes: SpecChanges, facts?: HostFacts][] = [
    ['/linux/namespaces/0', { linux: { namespaces: fresh('user', 'mount'), ...MAPPED } }, noUserns()],
    ['/linux/namespaces/1', { linux: { namespaces: fresh('mount', 'time') } }, hostFacts({ kernel: [5, 4] })],
    ['/linux/namespaces', { linux: { namespaces } }, plainFacts()],
    [
      '/linux/netDevices',
      { linux: { namespaces: [...joined('user'), ...fresh('mount', 'network')], netDevices: { eth0: {} } } },
    ],
    [
      '/linux/netDevices',
      {
        linux: {
          ...MAPPED,
          namespaces: [...fresh('user', 'mount', 'network'), ...joined('uts')],
          netDevices: { eth0: {} },
        },
      },
    ],
    [
      '/process/rlimits/1/type',
      { process: { rlimits: ['RLIMIT_CORE', 'RLIMIT_X'].map((type) => ({ type, soft: 0, hard: 0 })) } },
    ],
    ['/process/rlimits/0/type', { process: { rlimits: [{ type: 'constructor', soft: 0, hard: 0 }] } }],
    ['/process/apparmorProfile', { process: { apparmorProfile: 'docker-default' } }],
    ['/process/selinuxLabel', { process: { selinuxLabel: 'a:b:c' } }],
    ['/process/scheduler/policy', { process: { scheduler: { policy: 'X' } } }],
    ['/linux/personality/domain', { linux: { personality: { domain: 'X' } } }],
    ['/process/execCPUAffinity/final', { process: { execCPUAffinity: { final: 'X' } } }],
  ];

  test.each(cases)('%s', (...[pointer, changes, facts]) => {
    expect(errorOf(changes, facts).pointer).toBe(pointer);
  });

  test('of groups that cannot be set', () => {
    const process = { user: { uid: 0, gid: 0, additionalGids: [5], umask: 0o022 } };
    const own = [{ containerID: 0, hostID: 1000, size: 1 }];
    const linux = { namespaces: fresh('user', 'mount', 'pid'), uidMappings: own, gidMappings: own };
    expect(errorOf({ process, linux }, plainFacts()).pointer).toBe('/process/user/additionalGids');
    const entering = { namespaces: [...joined('user'), ...fresh('mount')] };
    expect(errorOf({ process, linux: entering }, plainFacts()).pointer).toBe('/process/user/additionalGids');
    const lent = [...own, { containerID: 1, hostID: 100_000, size: 10 }];
    expect(() =>
      plan({ process, linux: { ...linux, uidMappings: lent, gidMappings: lent } }, plainFacts()),
    ).not.toThrow();
  });
});

describe('labels', () => {
  const facts = hostFacts({ securityModules: ['apparmor', 'selinux'] });

  test('are written for the exec', () => {
    const { steps } = plan({ process: { apparmorProfile: 'p', selinuxLabel: 'a:b:c' } }, facts);
    expect(steps.filter(({ op }) => op === 'set-security-label')).toEqual([
      { op: 'set-security-label', file: 'self/attr/apparmor/exec', label: 'exec p' },
      { op: 'set-security-label', file: 'self/attr/exec', label: 'a:b:c' },
    ]);
  });

  test('of nobody are none', () => {
    const { steps } = plan({ process: { apparmorProfile: 'unconfined', selinuxLabel: '' } });
    expect(steps.filter(({ op }) => op === 'set-security-label')).toEqual([]);
  });
});

describe('an exec', () => {
  const execOf = (changes: SpecChanges, process: Partial<Process> = {}, facts = hostFacts()) => {
    const spec = engineSpec('true', changes);
    return compileExec(spec, { ...spec.process, ...process }, { facts, id: 'web' });
  };
  const execLines = (...args: Parameters<typeof execOf>): readonly string[] => execOf(...args).steps.map(describeStep);

  test('has a process of its own in every way', () => {
    const process: Partial<Process> = {
      oomScoreAdj: 5,
      execCPUAffinity: { initial: '0', final: '1' },
      ioPriority: { class: 'IOPRIO_CLASS_IDLE', priority: 0 },
      rlimits: [{ type: 'RLIMIT_CORE', soft: 1, hard: 1 }],
      capabilities: { bounding: [], effective: [], permitted: [], inheritable: [], ambient: ['CAP_CHOWN'] },
    };
    const { acts, steps, notes } = execOf({}, process);
    expect(acts).toEqual([{ act: 'set-oom-score-adj', value: 5 }]);
    expect(notes).toEqual(['the ambient capabilities lack what the kernel would not grant: CAP_CHOWN']);
    const all = steps.map(describeStep);
    expect(all[0]).toBe('set CPU affinity 0');
    expect(all).toEqual(
      expect.arrayContaining(['set CPU affinity 1', 'set I/O priority IOPRIO_CLASS_IDLE 0', 'set rlimit core to 1:1']),
    );
    expect(all.filter((line) => /parent-death|\binit\b/.test(line))).toEqual([]);
  });

  test('joins first what the container has joined from outside its user namespace', () => {
    const namespaces = [...joined('network', 'uts'), ...fresh('user', 'mount', 'pid')];
    expect(execLines({ linux: { namespaces, ...MAPPED } }).slice(0, 5)).toEqual([
      'join uts, net namespaces',
      'join mount, user, pid namespaces',
      'enter the pid namespace',
      'set user 0:0',
      'join session keyring _ses.web',
    ]);
    expect(execLines({ linux: { namespaces, ...MAPPED } }, {}, plainFacts())[0]).toBe(
      'join mount, uts, user, pid, net namespaces',
    );
  });

  test('of a container in the caller’s mount namespace is in its root, too', () => {
    const process = { terminal: true };
    const all = execLines({ mounts: [], linux: { namespaces: fresh('pid') } }, process);
    expect(all.slice(2, 5)).toEqual(['open directory /srv/rootfs', 'change root', 'open directory /']);
    expect(all).toContain('open terminal');
  });

  test('checks what it is asked for', () => {
    expect(() => execOf({}, { selinuxLabel: 'x' })).toThrow('/process/selinuxLabel');
    expect(() => execOf({}, { rlimits: [{ type: 'X', soft: 0, hard: 0 }] })).toThrow('/process/rlimits/0/type');
  });

  test('stays in its caller’s keyring as the container does, and hands on descriptors of its own', () => {
    const annotations = { [ANNOTATIONS.noNewKeyring]: 'true', [ANNOTATIONS.preserveFds]: '2' };
    const spec = engineSpec('true', { annotations });
    const { steps } = compileExec(spec, spec.process, { facts: hostFacts(), preserveFds: 1 });
    const all = steps.map(describeStep);
    expect(all.filter((line) => line.includes('keyring'))).toEqual([]);
    expect(all.filter((line) => line.startsWith('hand on'))).toEqual(['hand on descriptor 3']);
  });
});

test('a group that an engine names twice is set once', () => {
  const process = { user: { uid: 0, gid: 0, additionalGids: [10, 5, 10], umask: 0o022 } };
  const last = plan({ process }).steps.findLast(({ op }) => op === 'set-user');
  expect(last).toMatchObject({ groups: [10, 5] });
});
