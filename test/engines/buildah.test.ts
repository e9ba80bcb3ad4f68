import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { readCgroupFacts } from '../../src/cgroup/facts.js';
import { type Buildah, makeBuildah } from './buildah.js';
import { callInTerminal } from './calls.js';
import { RUNTIMES, type Runtime, whyNot } from './runtimes.js';

const absent = whyNot('buildah', 'busybox', 'script');

describe.each(RUNTIMES)('buildah with $name', (runtime: Runtime) => {
  const reason = absent ?? runtime.missing;
  if (reason !== undefined) {
    it('runs', (context) => {
      context.skip(reason);
    });
    return;
  }

  let buildah: Buildah;
  beforeAll(() => {
    buildah = makeBuildah(runtime);
  });
  afterAll(async () => {
    expect(await buildah.close()).toEqual([]);
  });
  afterEach(async () => {
    expect(await buildah.sweep(), 'nothing is left').toEqual([]);
  });

  const run = (name: string, ...words: readonly string[]): ReturnType<Buildah['call']> =>
    buildah.call(
      'run',
      '--network',
      'none',
      ...words.slice(0, words.indexOf('--')),
      name,
      ...words.slice(words.indexOf('--')),
    );

  it('runs a command in a working container, and hands on its output and its exit code', () => {
    const name = buildah.from();
    const { code, stdout, stderr } = run(name, '--', 'sh', '-c', 'echo out; echo err >&2; echo made > /made; exit 3');
    expect({ code, stdout }).toEqual({ code: 3, stdout: 'out\n' });
    expect(stderr).toContain('err\n');
    expect(run(name, '--', 'cat', '/made').stdout).toBe('made\n');
  });

  it('says which program is missing', () => {
    const { code, stderr } = run(buildah.from(), '--', 'nonesuch');
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /unable to start container process: exec: .*nonesuch.*: executable file not found in \$PATH/,
    );
  });

  it('gives the process its user, directory, host name and rights', () => {
    const name = buildah.from();
    const options = [
      '--user',
      'ann',
      '--workingdir',
      '/tmp',
      '--hostname',
      'box',
      '--env',
      'A=b',
      '--cap-add',
      'CAP_SYS_TIME',
    ];
    const script = 'id; pwd; hostname; echo $A; grep CapBnd /proc/self/status';
    const { stdout } = run(name, ...options, '--', 'sh', '-c', script);
    expect(stdout).toMatch(/^uid=1000\(ann\) gid=1000\(ann\).*\n\/tmp\nbox\nb\nCapBnd:\s+0000000082[0-9a-f]{6}\n$/);
  });

  it('gives it a terminal with -t', async () => {
    const name = buildah.from();
    const { code, shown } = await callInTerminal(
      buildah.words(
        'run',
        '--network',
        'none',
        '--terminal',
        name,
        '--',
        'sh',
        '-c',
        'tty; echo ready; read x; echo "got $x"; exit 4',
      ),
      { after: 'ready', line: 'word', env: buildah.env },
    );
    expect(shown).toContain('/dev/pts/0');
    expect(shown).toContain('got word');
    expect(code).toBe(4);
  });

  it('limits it, and mounts volumes', () => {
    const outside = join(buildah.directory, 'outside');
    mkdirSync(outside);
    writeFileSync(join(outside, 'file'), 'from outside\n');
    const name = buildah.from('--memory', '64m', '--ulimit', 'nofile=100:100');
    const { v1, v2 } = readCgroupFacts().layout;
    const memory = v1.find(({ controllers }) => controllers.includes('memory'));
    const file = `/host${buildah.cgroup}/${memory === undefined ? 'memory.max' : 'memory.limit_in_bytes'}`;
    const volumes = [`${outside}:/data`, `${outside}:/look:ro`, `${(memory ?? v2)?.mount ?? ''}:/host:ro`];
    const options = volumes.flatMap((volume) => ['--volume', volume]);
    const script = `ulimit -n; cat /data/file; touch /look/x 2>/dev/null || echo refused; cat ${file}`;
    const { stdout } = run(name, ...options, '--', 'sh', '-c', script);
    expect(stdout).toBe(`100\nfrom outside\nrefused\n${String(64 * 1024 ** 2)}\n`);
  });

  it('builds an image, a step at a time', () => {
    const base = buildah.from();
    buildah.ok('commit', '--quiet', base, 'base');
    const context = join(buildah.directory, 'context');
    mkdirSync(context);
    writeFileSync(
      join(context, 'Containerfile'),
      [
        'FROM localhost/base',
        'RUN id -u > /made && echo $$ >> /made',
        'USER ann',
        'WORKDIR /tmp',
        'RUN id -un; pwd',
        '',
      ].join('\n'),
    );
    const options = ['--network', 'none', '--cgroup-parent', buildah.cgroup];
    expect(buildah.ok('bud', ...options, '--tag', 'built', context)).toContain('\nann\n/tmp\n');
    const made = buildah.ok('from', 'localhost/built');
    expect(readFileSync(join(buildah.ok('mount', made), 'made'), 'utf8')).toBe('0\n1\n');
    writeFileSync(join(context, 'Containerfile'), 'FROM localhost/base\nRUN exit 5\n');
    expect(buildah.call('bud', ...options, context)).toMatchObject({
      code: 5,
      stderr: expect.stringContaining('exit status 5') as string,
    });
    buildah.ok('rmi', '--all', '--force');
  });
});
