import { rmSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Container } from '../../../src/container/container.js';
import { makeLab, until, untilSays } from '../../helpers/lab.js';
import { findByArgument } from '../../helpers/leaks.js';
import { WORKLOADS, makeMarker } from '../../helpers/orphans.js';
import { makeReadableCopy } from '../../helpers/readable-copy.js';
import { requires } from '../../helpers/requires.js';
import { shellWord } from '../../../src/plan/describe.js';
import { CORRAL, type Outer, inOuter } from './outer.js';

const lab = makeLab();
let program = '';

beforeAll(() => {
  program = makeReadableCopy();
});
afterAll(() => {
  rmSync(program, { recursive: true, force: true });
});
beforeEach((context) => {
  requires(context, { root: true, cgroup2: true, programs: ['crun', 'unshare', 'perl'] });
});

/** Runs a script in a container of another runtime to its end; the script's messages are on its standard output, too. */
async function inside(outer: Outer, script: string): Promise<string> {
  const [command, options] = inOuter(outer, `exec 2>&1\n${script}`, { directory: lab.directory(), program });
  const { stdout, stderr, exitCode } = await lab.run(command, options);
  expect({ stderr, exitCode }).toEqual({ stderr: '', exitCode: 0 });
  return stdout;
}

/** Starts one that stays until it is killed, and waits until the script says `ready`. */
async function stay(outer: Outer, script: string): Promise<Container> {
  const [command, options] = inOuter(outer, `${script}\necho ready; exec sleep 1000`, {
    directory: lab.directory(),
    program,
  });
  const container = await lab.spawn(command, options);
  await untilSays(container, 'ready');
  return container;
}

const words = (command: readonly string[]): string => command.map(shellWord).join(' ');
const orphans = (marker: string): string => words(WORKLOADS['daemons, double forks and the deaf']?.(marker) ?? []);

const FLAGS =
  '--security-opt seccomp=unconfined --security-opt apparmor=unconfined --security-opt systempaths=unconfined';

const PLACES: Readonly<Record<string, Outer>> = {
  'as root': { seccomp: 'docker' },
  'as an unprivileged user': { seccomp: 'docker', uid: 1000 },
};

describe.each(Object.entries(PLACES))('in a container of Docker’s defaults, %s', (_name, outer) => {
  it('says that there are no namespaces, and what to start the outer container with', async () => {
    const said = await inside(outer, `${CORRAL} run -- true; echo code $?; ${CORRAL} ps -q`);
    expect(said).toMatch(/^corral: start corral-init in namespaces of its own \(user, mount, .*\): EPERM/m);
    expect(said).toContain(`docker run ${FLAGS} …, or run it without namespaces: --isolation cgroup`);
    expect(said).toMatch(/\ncode 125\n$/);
  });

  it('runs a command without namespaces, and says what is missing', async () => {
    const said = await inside(
      outer,
      `${CORRAL} run --isolation cgroup -- sh -c 'echo ran as $(id -u); exit 7'; echo code $?`,
    );
    expect(said).toContain(`ran as ${String(outer.uid ?? 0)}\n`);
    expect(said).toMatch(/code 7\n$/);
    expect(said).toMatch(
      /^corral: note: no cgroup and no pid namespace, so .* one by one .*: cgroup v2 is mounted read-only/m,
    );
    expect(said).not.toContain('moved into its cgroup');
  });

  it('kills all of it: by the end, by a timeout, and when corral itself is killed', async () => {
    const [ended, late, orphaned] = [makeMarker(), makeMarker(), makeMarker()];
    const run = `${CORRAL} run -q --isolation cgroup`;
    const container = await stay(
      outer,
      `${run} --result /tmp/result -- sh -c '(setsid sh -c "sleep 1000; true" $0 >/dev/null &) ; sleep 0.2' ${ended}
       grep -o '"leftBehind":[0-9]*' /tmp/result
       ${run} --timeout 1s -- ${orphans(late)} > /dev/null
       ${run} -- ${orphans(orphaned)} > /tmp/said & corral=$!
       until grep -q ready /tmp/said; do sleep 0.05; done
       kill -9 $corral`,
    );
    expect(findByArgument(ended)).toEqual([]);
    expect(findByArgument(late)).toEqual([]);
    await until(() => findByArgument(orphaned).length === 0, 'all of it is dead');
    await container.kill();
  });

  it('counts what was left behind', async () => {
    const leaves = `sh -c '(sleep 1000 >/dev/null & sleep 1000 >/dev/null &) ; sleep 0.2'`;
    const said = await inside(outer, `${CORRAL} run -q --isolation cgroup --result - -- ${leaves}`);
    expect(JSON.parse(said)).toMatchObject({ exitCode: 0, leftBehind: 2 });
  });

  it('lists it, enters it, and kills it by name; an exec is killed alone', async () => {
    const marker = makeMarker();
    const said = await inside(
      outer,
      `${CORRAL} run -q --name web --isolation cgroup -- sh -c 'echo up; sleep 1000; true' ${marker} > /tmp/said &
       until grep -q up /tmp/said; do sleep 0.05; done
       ${CORRAL} ps --json | grep -o '"processes": [0-9]*'
       ${CORRAL} exec web sh -c '(setsid sleep 1000 >/dev/null &); echo entered; exit 4'; echo code $?
       ${CORRAL} pause web; echo code $?
       ${CORRAL} kill --dry-run web | head -1
       ${CORRAL} kill web; echo code $?
       wait; ${CORRAL} ps -q; echo over`,
    );
    expect(said).toContain('"processes": 3\n');
    expect(said).toContain('entered\ncode 4\n');
    expect(said).toMatch(/^corral: pause "web" needs a cgroup$/m);
    expect(said).toContain('web: 3 processes would be killed\n');
    expect(said).toMatch(/^web: 3 processes killed in .*\ncode 0\nover\n$/m);
    expect(findByArgument(marker)).toEqual([]);
  });

  it('refuses limits, with what would allow them', async () => {
    const said = await inside(outer, `${CORRAL} run --isolation cgroup -m 64M -- true; echo code $?`);
    expect(said).toMatch(/^corral: memory limit needs the memory controller$/m);
    // Where the host has it on v1, no flag of the outer container would help.
    expect(said).toMatch(/^hint: .*(docker run --cgroupns=private -v [/]sys[/]fs[/]cgroup|limit the outermost one)/m);
    expect(said).toMatch(/code 125\n$/);
  });

  it('is examined rightly by the doctor', async () => {
    const said = await inside(outer, `${CORRAL} doctor; echo code $?`);
    expect(said).toContain('in docker, Linux');
    expect(said).toContain('cgroup v2 is mounted read-only at /sys/fs/cgroup');
    expect(said).toMatch(/user namespace: start corral-init: EPERM/);
    expect(said).toContain(`docker run ${FLAGS} …`);
    expect(said).toContain('corral cannot run containers here; corral run --isolation cgroup works.\ncode 1\n');
  });
});

describe('in a container whose filter is off', () => {
  it('says that /proc is covered, and what to start the outer container with', async () => {
    const said = await inside({ seccomp: 'unconfined' }, `${CORRAL} run -- true; echo code $?`);
    expect(said).toMatch(/^corral: mount proc on [/]proc: EPERM/m);
    expect(said).toContain(`docker run ${FLAGS} …`);
    expect(said).toMatch(/code 125\n$/);
  });

  it('and nothing is covered runs a container, which its pid namespace holds together', async () => {
    const outer: Outer = { seccomp: 'unconfined', unmasked: true };
    const [ended, killed] = [makeMarker(), makeMarker()];
    const said = await inside(
      outer,
      `${CORRAL} run -- sh -c '(setsid sleep 1000 >/dev/null &); hostname; exit 3' ${ended}; echo code $?
       ${CORRAL} run -q --name web -- ${orphans(killed)} > /tmp/said &
       until grep -q ready /tmp/said; do sleep 0.05; done
       ${CORRAL} kill --json web | grep -o '"rung": "[^"]*"'
       wait; ${CORRAL} ps -q; echo over`,
    );
    expect(said).toMatch(/^corral: note: no cgroup, so .* that of the pid namespace: cgroup v2 is mounted read-only/m);
    expect(said).toMatch(/\ncode 3\n"rung": "pid-namespace"\nover\n$/);
    for (const marker of [ended, killed]) expect(findByArgument(marker)).toEqual([]);
  });
});

it('a privileged one has all: containers in cgroups of their own, below its own', async () => {
  const marker = makeMarker();
  const said = await inside(
    { seccomp: 'unconfined', privileged: true },
    `${CORRAL} run 2>/tmp/notes -- sh -c 'tail -n 1 /proc/self/cgroup; exit 3'; echo code $?; cat /tmp/notes
     ${CORRAL} run -q --name web -- ${orphans(marker)} > /tmp/said &
     until grep -q ready /tmp/said; do sleep 0.05; done
     ${CORRAL} inspect --field cgroup.v2.path web
     ${CORRAL} kill --json web | grep -o '"rung": "[^"]*"'
     wait; ${CORRAL} ps -q; echo over`,
  );
  expect(said).toMatch(/^0::[/]\ncode 3$/m);
  expect(said).toMatch(/note: container ids are the host's own .*overlay, which cannot be idmapped/);
  expect(said).toMatch(/^[/]sys[/]fs[/]cgroup[/]corral[/]web\n"rung": "cgroup.kill"\nover\n$/m);
  expect(said).not.toContain('no cgroup');
  expect(findByArgument(marker)).toEqual([]);
});
