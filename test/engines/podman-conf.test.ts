import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { callProgram } from './calls.js';
import { IMAGE, LIMITS, type Podman, makePodman } from './podman.js';
import { RUNTIMES, type Runtime, whyNot } from './runtimes.js';

const absent = whyNot('podman', 'conmon', 'busybox');

// As docs/oci.md has it. runc knows no container without cgroups.
const toConf = ({ name, path }: Runtime): string => `[engine]
runtime = "${name}"
runtime_supports_json = ["${name}"]
runtime_supports_nocgroups = ["corral-oci"]
runtime_supports_nocgroup = ["corral-oci"]

[engine.runtimes]
${name} = ["${path}"]
`;

describe.each(RUNTIMES)('podman with $name in containers.conf', (runtime: Runtime) => {
  const reason = absent ?? runtime.missing;
  if (reason !== undefined) {
    it('runs', (context) => {
      context.skip(reason);
    });
    return;
  }

  let podman: Podman;
  let env: NodeJS.ProcessEnv;
  beforeAll(() => {
    podman = makePodman();
    env = { CONTAINERS_CONF: join(podman.directory, 'containers.conf') };
    writeFileSync(env['CONTAINERS_CONF'] ?? '', toConf(runtime));
  });
  afterAll(async () => {
    expect(await podman.close()).toEqual([]);
  });
  afterEach(async () => {
    expect(await podman.sweep(), 'nothing is left').toEqual([]);
  });

  const run = (...args: readonly string[]): ReturnType<Podman['call']> =>
    callProgram(podman.argv(...podman.runArgs(...args)), { env });

  it('takes it by its name', () => {
    const { stdout } = callProgram(podman.argv('info', '--format', '{{.Host.OCIRuntime.Path}}'), { env });
    expect(stdout.trim()).toBe(runtime.path);
    expect(run('--rm', IMAGE, 'sh', '-c', 'echo out; exit 3')).toMatchObject({ code: 3, stdout: 'out\n' });
  });

  it('shows its errors without their frame', () => {
    const { code, stderr } = run('--rm', IMAGE, 'nonesuch');
    expect(code).toBe(127);
    expect(stderr).toMatch(
      /^Error: .*unable to start container process: exec: "nonesuch": executable file not found in/,
    );
    expect(stderr).not.toContain('level=error');
  });

  if (runtime.name !== 'runc') {
    it('runs it without a cgroup', () => {
      const options = ['--rm', ...LIMITS, '--cgroups', 'disabled'];
      const words = podman.argv('run', ...options, IMAGE, 'grep', '^0::', '/proc/self/cgroup');
      const { code, stdout } = callProgram(words, { env });
      const [own] = /^0::.*$/m.exec(readFileSync('/proc/self/cgroup', 'utf8')) ?? [];
      expect({ code, stdout: stdout.trim() }).toEqual({ code: 0, stdout: own });
    });
  }
});
