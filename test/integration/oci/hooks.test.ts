import { existsSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { listCgroups } from '../../helpers/leaks.js';
import { makeOci } from '../../helpers/oci.js';
import { requires } from '../../helpers/requires.js';

const oci = makeOci();

beforeEach((context) => {
  requires(context, { root: true, cgroup2: true });
});

const KINDS = ['prestart', 'createRuntime', 'createContainer', 'startContainer', 'poststart', 'poststop'] as const;
type Kind = (typeof KINDS)[number];

const BEFORE_START: readonly Kind[] = ['prestart', 'createRuntime', 'createContainer'];

/** Returns a hook that is a shell script. */
const hook = (script: string, more: object = {}): object => ({
  path: '/bin/sh',
  args: ['sh', '-c', script],
  env: ['PATH=/usr/bin:/bin'],
  ...more,
});

/** Makes hooks of all kinds that each write a line to a file, which is at the same path inside. */
function makeHooks(script: (kind: string) => string): { readonly file: string; readonly wish: object } {
  const directory = oci.lab.directory();
  const file = join(directory, 'log');
  writeFileSync(file, '');
  const hooks = Object.fromEntries(KINDS.map((kind) => [kind, [1, 2].map((n) => hook(script(`${kind} ${n}`)))]));
  const mounts = [
    { destination: '/proc', type: 'proc', source: 'proc' },
    { destination: directory, type: 'bind', source: directory, options: ['rbind'] },
  ];
  return { file, wish: { hooks, mounts } };
}

const lines = (file: string): readonly string[] => readFileSync(file, 'utf8').split('\n').slice(0, -1);
const both = (kind: Kind): readonly string[] => [`${kind} 1`, `${kind} 2`];

describe('hooks', () => {
  it('are run in their order, each at its time', () => {
    const place = oci.lab.directory();
    const file = join(place, 'log');
    const { id, directory } = oci.bundle({
      script: `echo process >> ${file}; exec sleep 1000`,
      hooks: Object.fromEntries(KINDS.map((kind) => [kind, [1, 2].map((n) => hook(`echo ${kind} ${n} >> ${file}`))])),
      mounts: [{ destination: place, type: 'bind', source: place, options: ['rbind'] }],
    });
    oci.ok('create', '--bundle', directory, id);
    expect(lines(file)).toEqual(BEFORE_START.flatMap(both));
    writeFileSync(file, '');
    oci.ok('start', id);
    const started = lines(file);
    // The process may or may not have got to its first word when poststart runs.
    expect(started.filter((line) => line !== 'process')).toEqual([...both('startContainer'), ...both('poststart')]);
    writeFileSync(file, '');
    oci.ok('delete', '--force', id);
    expect(lines(file).filter((line) => line !== 'process')).toEqual(both('poststop'));
  });

  it('get the state on standard input', () => {
    const { file, wish } = makeHooks(() => '');
    const hooks = Object.fromEntries(KINDS.map((kind) => [kind, [hook(`cat >> ${file}; echo >> ${file}`)]]));
    const { id, directory } = oci.bundle({ ...wish, hooks, script: 'exec sleep 1000', annotations: { a: 'b' } });
    oci.ok('create', '--bundle', directory, id);
    const pid = oci.pid(id);
    oci.ok('start', id);
    oci.ok('delete', '--force', id);
    const states = lines(file).map((line) => JSON.parse(line) as { readonly status: string });
    const common = { ociVersion: '1.3.0', id, bundle: directory, annotations: { a: 'b' } };
    expect(states).toEqual([
      { ...common, status: 'creating', pid },
      { ...common, status: 'creating', pid },
      { ...common, status: 'creating', pid: 1 },
      { ...common, status: 'created', pid: 1 },
      { ...common, status: 'running', pid },
      { ...common, status: 'stopped' },
    ]);
  });

  it('run in the namespaces that are theirs', () => {
    const own = readlinkSync('/proc/self/ns/uts');
    const { file, wish } = makeHooks((name) => `echo ${name.split(' ')[0] ?? ''} $(readlink /proc/self/ns/uts) >> LOG`);
    const text = JSON.stringify(wish).replaceAll('LOG', file);
    const { id } = oci.start({ ...(JSON.parse(text) as object), script: 'exec sleep 1000' });
    const theirs = readlinkSync(`/proc/${String(oci.pid(id))}/ns/uts`);
    expect(theirs).not.toBe(own);
    oci.ok('delete', '--force', id);
    const inside: readonly Kind[] = ['createContainer', 'startContainer'];
    expect([...new Set(lines(file))]).toEqual(KINDS.map((kind) => `${kind} ${inside.includes(kind) ? theirs : own}`));
  });

  it('have the arguments and the environment that they are given, and no more', () => {
    const file = join(oci.lab.directory(), 'log');
    const createRuntime = [
      {
        path: '/bin/sh',
        args: ['zero', '-c', `echo "$0 $*" > ${file}; env | sort >> ${file}`, 'a', 'b c'],
        env: ['X=y'],
      },
    ];
    oci.create({ hooks: { createRuntime } });
    expect(lines(file).filter((line) => !/^(PWD|_|SHLVL|OLDPWD)=/.test(line))).toEqual(['a b c', 'X=y']);
  });

  it('without arguments are called by their path, with no descriptor but the three', () => {
    const directory = oci.lab.directory();
    const program = join(directory, 'hook');
    const file = join(directory, 'log');
    writeFileSync(program, `#!/bin/sh\necho "$0 $#" > ${file}; /bin/ls /proc/self/fd | tr '\\n' ' ' >> ${file}\n`, {
      mode: 0o755,
    });
    oci.create({ hooks: { prestart: [{ path: program }] } });
    expect(readFileSync(file, 'utf8')).toBe(`${program} 0\n0 1 2 3 `);
  });
});

describe('a hook that fails', () => {
  it.for(BEFORE_START)('%s: there is no container, and those after it do not run, but for poststop', (kind) => {
    const { file, wish } = makeHooks(
      (name) => `echo ${name} >> LOG; [ "${name}" != "${kind} 1" ] || { echo oops; exit 4; }`,
    );
    const text = JSON.stringify(wish).replaceAll('LOG', file);
    const { id, directory } = oci.bundle(JSON.parse(text) as object);
    oci.refuses(['create', '--bundle', directory, id], `run hook ${kind}[0] /bin/sh: exit status 4: oops`);
    oci.refuses(['state', id], 'container does not exist');
    expect(listCgroups(oci.lab.cgroupParent)).toEqual([]);
    const before = BEFORE_START.slice(0, BEFORE_START.indexOf(kind)).flatMap(both);
    expect(lines(file)).toEqual([...before, `${kind} 1`, ...both('poststop')]);
  });

  it.for(['startContainer', 'poststart'] as const)('%s: the start fails, and the container is gone', (kind) => {
    const { file, wish } = makeHooks((name) => `echo ${name} >> LOG; [ "${name}" != "${kind} 2" ] || exit 5`);
    const text = JSON.stringify(wish).replaceAll('LOG', file);
    const { id } = oci.create({ ...(JSON.parse(text) as object), script: 'exec sleep 1000' });
    writeFileSync(file, '');
    oci.refuses(['start', id], `run hook ${kind}[1] /bin/sh: exit status 5`);
    oci.refuses(['state', id], 'container does not exist');
    const before = kind === 'poststart' ? both('startContainer') : [];
    expect(lines(file)).toEqual([...before, ...both(kind), ...both('poststop')]);
  });

  it.for(['startContainer', 'poststart'] as const)('%s of run: it fails, and nothing is left', (kind) => {
    const { id, directory } = oci.bundle({ hooks: { [kind]: [hook('exit 5')] }, script: 'exec sleep 1000' });
    oci.refuses(['run', '--bundle', directory, id], `run hook ${kind}[0] /bin/sh: exit status 5`);
    oci.refuses(['state', id], 'container does not exist');
    expect(listCgroups(oci.lab.cgroupParent)).toEqual([]);
  });

  it('poststop: a warning, and those after it run', () => {
    const file = join(oci.lab.directory(), 'log');
    const { id } = oci.create({ hooks: { poststop: [hook('exit 6'), hook(`echo second > ${file}`)] } });
    const { code, stderr } = oci.call('delete', id);
    expect(stderr).toMatch(/level=warning msg="run hook poststop\[0\] \/bin\/sh: exit status 6"/);
    expect(code).toBe(0);
    oci.refuses(['state', id], 'container does not exist');
    expect(existsSync(file)).toBe(true);
  });

  it.for([
    ['is killed', hook('kill -9 $$'), 'signal SIGKILL'],
    ['is not there', { path: '/no/such' }, 'ENOENT'],
    ['may not be executed', { path: '/etc/passwd' }, 'EACCES'],
    ['is a directory', { path: '/etc' }, 'EACCES'],
  ] as const)('because it %s', ([, failing, words]) => {
    for (const kind of ['createRuntime', 'createContainer'] as const) {
      const { id, directory } = oci.bundle({ hooks: { [kind]: [failing] } });
      oci.refuses(['create', '--bundle', directory, id], new RegExp(`run hook ${kind}\\[0\\] .*${words}`));
      oci.refuses(['state', id], 'container does not exist');
    }
  });

  it.for(['createRuntime', 'createContainer', 'startContainer', 'poststart'] as const)(
    'because it takes too long: %s, which is killed with what it has started',
    (kind) => {
      const slow = hook('echo waiting; sleep 1000 & sleep 1000', { timeout: 1 });
      const { id, directory } = oci.bundle({ hooks: { [kind]: [slow] }, script: 'exec sleep 1000' });
      const began = performance.now();
      oci.refuses(['run', '--bundle', directory, id], `run hook ${kind}[0] /bin/sh: no end after 1 s: waiting`);
      expect(performance.now() - began).toBeGreaterThan(900);
      oci.refuses(['state', id], 'container does not exist');
      expect(listCgroups(oci.lab.cgroupParent)).toEqual([]);
    },
  );

  it('of a timeout that is not reached, nothing is heard', () => {
    oci.create({ hooks: { createRuntime: [hook('sleep 0.1', { timeout: 30 })] } });
  });

  it.for([
    [{ path: 'relative' }, '/hooks/prestart/0/path'],
    [{ path: '/bin/true', timeout: 0 }, '/hooks/prestart/0/timeout'],
    [{ path: '/bin/true', timeout: -1 }, '/hooks/prestart/0/timeout'],
    [{ args: ['x'] }, '/hooks/prestart/0/path'],
  ] as const)('%j is none', ([wrong, pointer]) => {
    const { id, directory } = oci.bundle({ hooks: { prestart: [wrong] } });
    oci.refuses(['create', '--bundle', directory, id], pointer);
  });
});
