import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { requires } from '../helpers/requires.js';
import { type Ended, type Project, NODE_MAJORS, ROOT, copyExample, makeProject, needNode, unpack } from './project.js';

const SAID =
  /^right: said 42\nwrong: exit code 3\nendless: out of time\nhungry: out of memory\nmisspelt: ENOENT, .*\nexec: inside\n$/;

/** What a library on top of corral would export, with types that nobody wrote down. */
const DECLARED = `
import { Containers, isContainerError, lowlevel, run, spawn } from 'corral';
export const start = async () => spawn(['true'], { stdin: 'pipe' });
export const pressure = async () => (await (await start()).stats()).pressure;
export const io = async () => (await run(['true'])).usage.io;
export const enter = async () => (await start()).exec(['true']);
export const kill = async () => ((await start()).kill());
export const rung = async () => (await kill()).rung;
export const list = () => new Containers().list();
export const child = () => lowlevel.clone3({ file: '/bin/true', argv: ['true'] });
export const ended = async () => (await child()).pidfd.wait();
export const code = (error: unknown) => (isContainerError(error) ? error.code : undefined);
`;

const REQUIRED = `
import corral = require('corral');
export const result: Promise<corral.RunResult> = corral.run(['true'], { memory: '64M' } satisfies corral.RunOptions);
`;

const IMPORTED = `
import { type RunResult, run } from 'corral';
export const result: Promise<RunResult> = run(['true'], { memory: '64M' });
`;

/** The ways in which TypeScript finds a package. `node16` is not among them: it does not know that ES modules can be required. */
const PROJECTS = [
  { name: 'ES modules', module: 'nodenext', files: ['verdict.mts', 'declared.mts', 'imported.mts'] },
  { name: 'CommonJS', module: 'nodenext', files: ['required.cts', 'imported.cts'] },
  { name: 'a bundler', module: 'esnext', resolution: 'bundler', files: ['verdict.mts', 'declared.mts'] },
] as const;

let project: Project;

/** Compiles, the declarations of the package included. */
function compile(files: readonly string[], module: string, resolution?: string): Ended {
  const config = {
    compilerOptions: {
      target: 'es2022',
      lib: ['es2022'],
      module,
      ...(resolution === undefined ? {} : { moduleResolution: resolution }),
      types: ['node'],
      strict: true,
      exactOptionalPropertyTypes: true,
      skipLibCheck: false,
      declaration: true,
      outDir: 'out',
      rootDir: '.',
    },
    files,
  };
  writeFileSync(join(project.directory, 'tsconfig.json'), JSON.stringify(config));
  return project.node(join(ROOT, 'node_modules/typescript/bin/tsc'), '-p', '.');
}

beforeAll(() => {
  project = makeProject(process.execPath);
  const modules = join(project.directory, 'node_modules');
  unpack(join(modules, 'corral'));
  mkdirSync(join(modules, '@types'));
  for (const name of ['@types/node', 'undici-types'])
    symlinkSync(join(ROOT, 'node_modules', name), join(modules, name));
  copyExample(project, 'verdict.ts', 'verdict.mts');
  writeFileSync(join(project.directory, 'declared.mts'), DECLARED);
  writeFileSync(join(project.directory, 'required.cts'), REQUIRED);
  for (const name of ['imported.mts', 'imported.cts']) writeFileSync(join(project.directory, name), IMPORTED);
});
afterAll(() => project.remove());

describe('a TypeScript project', () => {
  test.each(PROJECTS)('of $name compiles', ({ files, module, ...rest }) => {
    const { code, stdout } = compile(files, module, 'resolution' in rest ? rest.resolution : undefined);
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
  });
});

describe.each(NODE_MAJORS)('examples/verdict.ts on Node %i', (major) => {
  test('runs after tsc', (context) => {
    requires(context, { cgroup2: true, controllers: ['memory', 'pids'] });
    const node = needNode(context, major);
    expect(project.run(node, ['out/verdict.mjs'])).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(SAID) as string,
    });
  });

  if (major >= 24) {
    test('runs as it is', (context) => {
      requires(context, { cgroup2: true, controllers: ['memory', 'pids'] });
      const { stdout, code, stderr } = project.run(needNode(context, major), ['verdict.mts']);
      expect(stdout).toMatch(SAID);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    });
  }
});
