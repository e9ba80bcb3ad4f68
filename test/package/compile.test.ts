import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import { requires } from '../helpers/requires.js';
import { type Project, copyExample, makeProject, unpack } from './project.js';

const PREBUILT = `prebuilds/linux-${process.arch}`;
const NO_COMPILER = /g\+\+ is missing; building the native parts needs a C\+\+20 compiler, make and python3/;

describe('where no prebuilt binary fits', () => {
  let project: Project;
  let directory: string;

  // A Node with no headers beside it, as distributions have it: those that the package brings along must do.
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'corral-test-compile-'));
    mkdirSync(join(directory, 'bin'));
    cpSync(process.execPath, join(directory, 'bin/node'), { dereference: true });
    project = makeProject(join(directory, 'bin/node'), process.env['PATH']);
    rmSync(join(unpack(join(directory, 'package')), 'prebuilds'), { recursive: true });
    expect(
      project.npm(['pack', '--ignore-scripts', '--pack-destination', directory, join(directory, 'package')]),
    ).toMatchObject({
      code: 0,
    });
  });
  afterAll(() => {
    project.remove();
    rmSync(directory, { recursive: true });
  });

  const tarball = (): string =>
    join(
      directory,
      readdirSync(directory).find((name) => name.endsWith('.tgz'))!,
    );

  test('it is compiled, from the headers in the package', (context) => {
    requires(context, { programs: ['g++', 'make', 'python3'], cgroup2: true });
    const { code, stdout, stderr } = project.npm(['install', '--foreground-scripts', tarball()]);
    expect(code, stdout + stderr).toBe(0);
    expect(stdout).toContain('corral: built the addon and corral-init');
    const installed = join(project.directory, 'node_modules/corral');
    expect(existsSync(join(installed, 'build/Release/corral.node'))).toBe(true);
    expect(existsSync(join(installed, 'node_modules/.cache/corral-nodedir/include/node/node_api.h'))).toBe(true);
    copyExample(project, 'hello.mjs');
    expect(project.node('hello.mjs')).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('exit code 0') as string,
    });
  });

  test('and there is no compiler, the install fails, and says what is missing', () => {
    const bare = makeProject(process.execPath);
    const { code, stderr } = bare.npm(['install', '--foreground-scripts', tarball()]);
    bare.remove();
    expect(code).not.toBe(0);
    expect(stderr).toMatch(NO_COMPILER);
  });

  test('and install scripts are off, the first use fails, and says what to do', () => {
    const bare = makeProject(process.execPath);
    expect(bare.npm(['install', '--ignore-scripts', tarball()])).toMatchObject({ code: 0 });
    const script = `import('corral').catch(({ code, message, hint }) => console.log(JSON.stringify({ code, message, hint })))`;
    const error = JSON.parse(bare.node('-e', script).stdout) as Record<'code' | 'message' | 'hint', string>;
    const command = bare.npx('corral', 'run', '--', 'true');
    bare.remove();
    expect(error.code).toBe('ERR_UNSUPPORTED');
    expect(error.message).toContain(`needs the native part of corral for linux-${process.arch}, and there is none in `);
    expect(error.hint).toContain('npm rebuild corral');
    expect(command).toMatchObject({ code: 125, stdout: '' });
    expect(command.stderr).toMatch(
      /^corral: starting containers needs the native part .*\nhint: build it here with `npm rebuild corral`/,
    );
  });
});

describe('with prebuilt binaries', () => {
  let project: Project;
  let installed: string;
  beforeEach(() => {
    project = makeProject(process.execPath);
    installed = unpack(join(project.directory, 'node_modules/corral'));
  });
  afterEach(() => project.remove());

  const install = (env: NodeJS.ProcessEnv = {}): ReturnType<Project['run']> =>
    project.run(process.execPath, [join(installed, 'scripts/build-native.mjs')], {
      PATH: project.tools,
      ...env,
    });
  const spoil = (): void => {
    writeFileSync(join(installed, PREBUILT, 'corral.node'), 'for another machine');
  };
  const load = (): ReturnType<Project['run']> => project.node('-p', `typeof require('corral').run`);

  test('install scripts may be off', () => {
    expect(project.npm(['install', '--ignore-scripts', inject('tarball')])).toMatchObject({ code: 0 });
    expect(load()).toEqual({ code: 0, stdout: 'function\n', stderr: '' });
  });

  test('that do not load here, it is compiled', () => {
    spoil();
    expect(install()).toMatchObject({ code: 1, stderr: expect.stringMatching(NO_COMPILER) as string });
    expect(load().stderr).toMatch(/what is there does not load: .*corral\.node: (file too short|invalid ELF header)/);
  });

  test('for another libc beside them, those that load are taken', () => {
    renameSync(join(installed, PREBUILT), join(installed, `${PREBUILT}-musl`));
    mkdirSync(join(installed, PREBUILT));
    spoil();
    expect(install()).toEqual({ code: 0, stdout: `corral: uses the binaries in ${PREBUILT}-musl\n`, stderr: '' });
    expect(load()).toEqual({ code: 0, stdout: 'function\n', stderr: '' });
  });

  test('it is compiled all the same for who asks for that', () => {
    const asked = install({ npm_config_build_from_source: 'true' });
    expect(asked).toMatchObject({ code: 1, stderr: expect.stringMatching(NO_COMPILER) as string });
    expect(install({ npm_config_build_from_source: 'corral' })).toMatchObject({ code: 1 });
    expect(install({ npm_config_build_from_source: 'another-package' })).toMatchObject({ code: 0 });
  });
});
