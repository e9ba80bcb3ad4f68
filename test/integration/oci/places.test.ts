import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readCgroupFacts } from '../../../src/cgroup/facts.js';
import { listTargets } from '../../../src/cgroup/guard.js';
import { Store } from '../../../src/container/store.js';
import { checkContainerId } from '../../../src/spec/parse/name.js';
import { until } from '../../helpers/lab.js';
import { makeOci } from '../../helpers/oci.js';
import { requires } from '../../helpers/requires.js';

const oci = makeOci();

const IDLE = { script: 'exec sleep 1000' };

/** The directories of a container's cgroups. */
function directoriesOf(id: string): readonly string[] {
  return listTargets(new Store(oci.root, checkContainerId).get(id).cgroup).map(({ path }) => path);
}

// A new cpuset of v1 has nothing, and takes nobody.
function makeBelow(path: string): void {
  mkdirSync(path);
  for (const file of ['cpuset.cpus', 'cpuset.mems'].filter(
    (name) => path.includes('cpuset/') && existsSync(`${path}/${name}`),
  ))
    writeFileSync(`${path}/${file}`, readFileSync(`${path}/../${file}`));
}

const cgroupsOf = (pid: number): readonly string[] =>
  readFileSync(`/proc/${String(pid)}/cgroup`, 'utf8')
    .trim()
    .split('\n');

describe('exec --cgroup', () => {
  it('runs in cgroups below the container’s, and in all that are there', async (context) => {
    requires(context, { root: true, cgroup: true });
    const { id } = oci.start(IDLE);
    const below = directoriesOf(id).map((path) => `${path}/below`);
    for (const path of below) makeBelow(path);
    const pidFile = `${oci.lab.directory()}/pid`;
    oci.ok('exec', '--detach', '--pid-file', pidFile, '--cgroup', 'below', id, 'sleep', '1000');
    const pid = Number(readFileSync(pidFile, 'utf8'));
    expect(cgroupsOf(pid).filter((line) => line.endsWith(`/${id}/below`))).toHaveLength(below.length);
    oci.ok('kill', '--all', id, 'KILL');
    await until(() => !existsSync(`/proc/${String(pid)}`), 'it has ended');
    for (const path of below) rmdirSync(path);
  });

  it('of a single controller leaves the others where they are', async (context) => {
    requires(context, { root: true, cgroup: true });
    const v1 = readCgroupFacts().layout.v1.find(({ controllers }) => controllers.includes('pids'));
    if (v1 === undefined) context.skip('needs the pids controller on cgroup v1');
    const { id } = oci.start(IDLE);
    const path = directoriesOf(id).find((each) => each.startsWith(v1?.mount ?? '/none')) ?? '';
    mkdirSync(`${path}/below`);
    const pidFile = `${oci.lab.directory()}/pid`;
    oci.ok('exec', '--detach', '--pid-file', pidFile, '--cgroup', 'pids:below', id, 'sleep', '1000');
    const pid = Number(readFileSync(pidFile, 'utf8'));
    const moved = cgroupsOf(pid).filter((line) => line.endsWith('/below'));
    expect(moved).toEqual([expect.stringMatching(/^\d+:pids:/) as string]);
    oci.ok('kill', '--all', id, 'KILL');
    await until(() => !existsSync(`/proc/${String(pid)}`), 'it has ended');
    rmdirSync(`${path}/below`);
  });

  it.each([
    ['missing', '"missing" is not a cgroup below'],
    ['../..', '"../.." is not below'],
    ['nonsense:x', '"nonsense:x" is not of a cgroup v1 controller of the container'],
  ])('%s is refused', (path, words) => {
    const { id } = oci.start(IDLE);
    oci.refuses(['exec', '--cgroup', path, id, 'true'], words, 255);
  });
});

describe('exec --ignore-paused', () => {
  it('waits until the container is resumed; without it that is an error', async (context) => {
    requires(context, { root: true, cgroup: true });
    const { id } = oci.start(IDLE);
    oci.ok('pause', id);
    oci.refuses(['exec', id, 'true'], 'cannot exec in a paused container (use --ignore-paused to override)', 255);
    const running = oci.begin({}, 'exec', '--ignore-paused', id, 'echo', 'there');
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(running.child.exitCode).toBe(null);
    expect(running.said()).toBe('');
    oci.ok('resume', id);
    expect(await running.ended).toMatchObject({ code: 0, stdout: 'there\n' });
  });
});

describe('--cgroup-manager disabled', () => {
  it('makes no cgroup, and the container lives and dies like any other', async (context) => {
    requires(context, { root: true });
    const { directory, id } = oci.bundle(IDLE);
    const manager = ['--cgroup-manager', 'disabled'];
    oci.ok(...manager, 'create', '--bundle', directory, id);
    oci.ok('start', id);
    expect(directoriesOf(id)).toEqual([]);
    const pid = oci.pid(id);
    expect(cgroupsOf(pid)).toEqual(cgroupsOf(process.pid));
    expect(oci.ok('exec', id, 'echo', 'in')).toBe('in\n');
    expect(JSON.parse(oci.ok('ps', '--format', 'json', id))).toEqual([pid]);
    oci.ok('kill', id, 'KILL');
    await until(() => oci.status(id) === 'stopped', 'it has ended');
    oci.ok('delete', id);
  });

  it('cannot limit anything', (context) => {
    requires(context, { root: true });
    const { directory, id } = oci.bundle({ ...IDLE, linux: { resources: { pids: { limit: 5 } } } });
    const words = '/linux/resources/pids: {"limit":5} is not possible with --cgroup-manager disabled';
    oci.refuses(['--cgroup-manager', 'disabled', 'create', '--bundle', directory, id], words);
  });
});
