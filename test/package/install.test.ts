import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, afterAll, describe, expect, inject, test } from 'vitest';
import { requires } from '../helpers/requires.js';
import { type Project, NODE_MAJORS, copyExample, makeProject, needNode } from './project.js';

const VERDICTS = `right: said 42
wrong: exit code 3
endless: out of time
hungry: out of memory
misspelt: ENOENT, find executable ehco: ENOENT (no such file or directory)
`;

/** Installs the package into an empty project, and copies the examples there. */
function install(node: string): Project {
  const project = makeProject(node);
  const { code, stdout, stderr } = project.npm(['install', '--foreground-scripts', inject('tarball')]);
  expect(code, stdout + stderr).toBe(0);
  expect(stdout).toContain(`corral: uses the binaries in prebuilds/linux-${process.arch}`);
  for (const example of ['verdict.cjs', 'verdict.mjs']) copyExample(project, example);
  return project;
}

describe.each(NODE_MAJORS)('installed with Node %i, without compiler and network', (major) => {
  let made: Project | undefined;
  afterAll(() => made?.remove());

  const installed = (context: TestContext): Project => {
    made ??= install(needNode(context, major));
    return made;
  };

  test('is one package, and nothing was built', (context) => {
    const { node, run, directory, tools } = installed(context);
    expect(node('-p', 'process.versions.node').stdout).toMatch(new RegExp(`^${String(major)}[.]`));
    const names = readdirSync(join(directory, 'node_modules')).filter((name) => !name.startsWith('.'));
    expect(names).toEqual(['corral']);
    expect(existsSync(join(directory, 'node_modules/corral/build'))).toBe(false);
    for (const tool of ['g++', 'c++', 'cc', 'make', 'python3']) {
      expect(run('/bin/sh', ['-c', `command -v ${tool}`], { PATH: tools }), tool).toMatchObject({ stdout: '' });
    }
  });

  test('is imported: examples/verdict.mjs', (context) => {
    requires(context, { cgroup2: true, controllers: ['memory', 'pids'] });
    expect(installed(context).node('verdict.mjs')).toEqual({ code: 0, stdout: VERDICTS, stderr: '' });
  });

  test('is required: examples/verdict.cjs', (context) => {
    requires(context, { cgroup2: true, controllers: ['memory', 'pids'] });
    expect(installed(context).node('verdict.cjs')).toEqual({ code: 0, stdout: VERDICTS, stderr: '' });
  });

  test('is the same package, imported and required', (context) => {
    const script = `
      import { createRequire } from 'node:module';
      import * as imported from 'corral';
      const required = createRequire(import.meta.url)('corral');
      console.log(Object.keys(imported).every((name) => imported[name] === required[name]), typeof required.run);`;
    expect(installed(context).node('--input-type=module', '-e', script)).toEqual({
      code: 0,
      stdout: 'true function\n',
      stderr: '',
    });
  });

  test('runs commands: npx corral run', (context) => {
    requires(context, { cgroup2: true });
    expect(installed(context).npx('corral', 'run', '--', 'true')).toMatchObject({ code: 0, stdout: '' });
    const failed = installed(context).npx('corral', 'run', '--', 'sh', '-c', 'echo inside; exit 7');
    expect(failed).toMatchObject({ code: 7, stdout: 'inside\n' });
  });
});
