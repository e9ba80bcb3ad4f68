import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { ROOT, findNpm, unpack, withoutNpm } from './project.js';

/** Everything that the package holds, and why. A name, or a pattern for files of which there are many or whose names change. */
const EXPECTED: readonly (string | RegExp)[] = [
  'package.json',
  'README.md',
  'LICENSE',
  // What README.md points to.
  /^docs\/[\w-]+\.md$/,
  // The library and the command line. No source maps: they would be larger than all of it, and the library is not minified.
  'dist/lib/index.js',
  /^dist\/lib\/[\w-]+\.js$/,
  'dist/cli/corral.cjs',
  'dist/cli/corral-oci.cjs',
  'dist/cli/oci.cjs',
  'dist/cli/main.cjs',
  'dist/cli/run.cjs',
  'dist/cli/supervise.cjs',
  'dist/cli/dbus.cjs',
  'dist/cli/top.cjs',
  'dist/cli/top.mjs',
  'dist/THIRD-PARTY-LICENSES.txt',
  'schema/corral.schema.json',
  'schema/openapi.json',
  'dist/types/index.d.ts',
  /^dist\/types\/(cgroup|container|errors|native|plan|spec|supervisor|util)\/[\w/-]+\.d\.ts$/,
  // The native part of this machine's kind; a release also has those that were built elsewhere.
  /^prebuilds\/linux-(x64|arm64)(-musl)?\/(corral\.node|corral-init|built-from\.json)$/,
  // What builds the native part where none of those fits.
  'scripts/build-native.mjs',
  'binding.gyp',
  'native/steps.def',
  /^native\/(addon|common|init|init\/steps)\/\w+\.(cc?|h)$/,
  'vendor/node-addon-api/LICENSE.md',
  'vendor/node-addon-api/napi.h',
  'vendor/node-addon-api/napi-inl.h',
  'vendor/node-api-headers/LICENSE',
  /^vendor\/node-api-headers\/(js_native_api|node_api)(_types)?\.h$/,
];

const MAX_UNPACKED_BYTES = 6_500_000;

let directory: string;
let files: readonly string[];

beforeAll(() => {
  directory = unpack(mkdtempSync(join(tmpdir(), 'corral-test-contents-')));
  files = readdirSync(directory, { recursive: true, encoding: 'utf8', withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(directory.length + 1));
});
afterAll(() => rmSync(directory, { recursive: true }));

const read = (file: string): string => readFileSync(join(directory, file), 'utf8');

describe('the package', () => {
  const matches = (file: string, wanted: string | RegExp): boolean =>
    typeof wanted === 'string' ? file === wanted : wanted.test(file);

  test('holds nothing that it need not', () => {
    expect(files.filter((file) => !EXPECTED.some((wanted) => matches(file, wanted)))).toEqual([]);
  });

  test('holds all that it must', () => {
    expect(EXPECTED.filter((wanted) => !files.some((file) => matches(file, wanted)))).toEqual([]);
    const own = `prebuilds/linux-${process.arch}`;
    expect(files.filter((file) => file.startsWith(`${own}/`) || file.startsWith(`${own}-musl/`))).toHaveLength(3);
  });

  test('is not large', () => {
    const bytes = files.reduce((sum, file) => sum + statSync(join(directory, file)).size, 0);
    expect(bytes).toBeLessThan(MAX_UNPACKED_BYTES);
  });

  test('depends on no other package', () => {
    const { dependencies, peerDependencies, optionalDependencies } = JSON.parse(read('package.json')) as Record<
      string,
      unknown
    >;
    expect({ dependencies, peerDependencies, optionalDependencies }).toEqual({});
  });

  test('names nothing of the machine that it was made on', () => {
    const home = ROOT.replace(/\/$/, '');
    expect(files.filter((file) => readFileSync(join(directory, file)).includes(home))).toEqual([]);
  });

  test('has a program that can be executed', () => {
    const { bin } = JSON.parse(read('package.json')) as { readonly bin: Readonly<Record<string, string>> };
    const program = bin['corral']!;
    expect(Object.keys(bin)).toEqual(['corral', 'corral-oci']);
    expect(read(program)).toMatch(/^#!\/usr\/bin\/env node\n/);
    expect(execFileSync('tar', ['-tvzf', inject('tarball'), `package/${program}`], { encoding: 'utf8' })).toMatch(
      /^-rwxr-xr-x/,
    );
  });

  test('has links in its documents that lead somewhere', () => {
    const dead = files
      .filter((file) => file.endsWith('.md') && !file.startsWith('vendor/'))
      .flatMap((file) =>
        [...read(file).matchAll(/\]\(([^)#:]+)(?:#[\w-]*)?\)/g)]
          .map(([, target = '']) => join(file, '..', target))
          .filter((target) => !files.includes(target))
          .map((target) => `${file}: ${target}`),
      );
    // They are in the repository only: files to try things with, and rules for those who change it.
    expect(dead.filter((link) => !/: (examples|CONTRIBUTING\.md|bench)\b/.test(link))).toEqual([]);
  });

  test('shows an example in its documents that is run', () => {
    expect(read('docs/library.md')).toContain(readFileSync(join(ROOT, 'examples/verdict.mjs'), 'utf8'));
  });

  test('would be published without a warning', () => {
    const words = [findNpm(), 'publish', '--dry-run', '--ignore-scripts', inject('tarball')];
    const { status, stderr } = spawnSync(process.execPath, words, {
      cwd: directory,
      env: withoutNpm(process.env),
      encoding: 'utf8',
    });
    const warnings = stderr.split('\n').filter((line) => /^npm (warn|error)/i.test(line));
    // Of the one who runs this, not of the package: settings of their own, and no login.
    expect(
      warnings.filter((line) => !/Unknown (user|env|project|builtin|global) config|be logged in/.test(line)),
    ).toEqual([]);
    expect(status, stderr).toBe(0);
  });
});

describe('what tools say of the package', () => {
  test('publint: nothing', async () => {
    const tarball = readFileSync(inject('tarball'));
    const { messages, pkg } = await publint({
      pack: { tarball: tarball.buffer.slice(tarball.byteOffset, tarball.byteOffset + tarball.byteLength) },
      strict: true,
    });
    expect(messages.map((message) => formatMessage(message, pkg))).toEqual([]);
  });

  test('Are the types wrong: only that CommonJS gets an ES module, which Node can require', async () => {
    const analysis = await checkPackage(createPackageFromTarballData(readFileSync(inject('tarball'))));
    if (analysis.types === false) throw new Error('the package has no types');
    expect(analysis.problems).toEqual([
      { kind: 'CJSResolvesToESM', entrypoint: '.', resolutionKind: 'node16-cjs' },
      // The way of TypeScript before 4.7, which knows no `exports`.
      { kind: 'NoResolution', entrypoint: './corral.schema.json', resolutionKind: 'node10' },
      { kind: 'NoResolution', entrypoint: './openapi.json', resolutionKind: 'node10' },
    ]);
    const resolutions = Object.values(analysis.entrypoints['.']!.resolutions);
    expect(resolutions.map(({ resolution }) => resolution?.isTypeScript)).toEqual([true, true, true, true]);
  });
});

describe('prebuilt binaries that do not fit the sources', () => {
  let clone: string;
  beforeAll(() => {
    clone = mkdtempSync(join(tmpdir(), 'corral-test-prebuilds-'));
    for (const part of ['binding.gyp', 'native', 'scripts', 'prebuilds']) {
      cpSync(join(ROOT, part), join(clone, part), { recursive: true });
    }
    symlinkSync(join(ROOT, 'node_modules'), join(clone, 'node_modules'));
  });
  afterAll(() => rmSync(clone, { recursive: true }));

  const OTHER = process.arch === 'x64' ? 'linux-arm64' : 'linux-x64';
  const STAMP = `prebuilds/${OTHER}/built-from.json`;
  const check = (): { readonly status: number | null; readonly stderr: string } =>
    spawnSync(process.execPath, ['scripts/prebuilds.mjs'], { cwd: clone, encoding: 'utf8' });
  const copyOwn = (): void => {
    const [own] = readdirSync(join(ROOT, 'prebuilds')).filter((name) => name.startsWith(`linux-${process.arch}`));
    cpSync(join(ROOT, 'prebuilds', own!), join(clone, 'prebuilds', OTHER), { recursive: true });
  };

  test('are accepted where they do', () => {
    copyOwn();
    expect(check()).toMatchObject({ status: 0, stderr: '' });
  });

  test('are refused when they are of other sources', () => {
    copyOwn();
    const stamp = JSON.parse(readFileSync(join(clone, STAMP), 'utf8')) as object;
    writeFileSync(join(clone, STAMP), JSON.stringify({ ...stamp, sources: '0' }));
    const { status, stderr } = check();
    expect(status).toBe(1);
    expect(stderr).toContain(`prebuilds/${OTHER} is of other sources than these`);
    expect(stderr).toContain('npm run prebuilds');
  });

  test('are refused when they are not what was built', () => {
    copyOwn();
    writeFileSync(join(clone, `prebuilds/${OTHER}/corral-init`), 'changed');
    const { status, stderr } = check();
    expect(status).toBe(1);
    expect(stderr).toContain(`prebuilds/${OTHER}/corral-init is not the file that was built`);
  });

  test('are refused when they are for no machine that corral runs on', () => {
    copyOwn();
    cpSync(join(clone, 'prebuilds', OTHER), join(clone, 'prebuilds/linux-mips'), { recursive: true });
    const { status, stderr } = check();
    rmSync(join(clone, 'prebuilds/linux-mips'), { recursive: true });
    expect(status).toBe(1);
    expect(stderr).toContain('prebuilds/linux-mips is for no machine that corral runs on');
  });
});
