import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, test, vi } from 'vitest';
import type { State } from '../../../src/container/state.js';
import { Store } from '../../../src/container/store.js';
import { readBundle, readText } from '../../../src/oci/bundle.js';
import { describe as describeContainer } from '../../../src/oci/describe.js';
import { Log } from '../../../src/oci/log.js';
import { defaultRoot } from '../../../src/oci/root.js';
import { formatTable } from '../../../src/oci/table.js';
import { checkTerminal } from '../../../src/oci/terminal.js';
import type { Globals } from '../../../src/oci/verb.js';
import { ANNOTATIONS } from '../../../src/spec/annotations.js';
import { engineSpec } from '../../helpers/engine-spec.js';

const printed = vi.hoisted<string[]>(() => []);
vi.mock(import('../../../src/cli/print.js'), async (original) => ({
  ...(await original()),
  printErr: (text: string) => void printed.push(text),
}));

const directory = mkdtempSync(join(tmpdir(), 'corral-test-unit-'));

afterEach(() => {
  vi.restoreAllMocks();
  printed.length = 0;
});

afterAll(() => {
  rmSync(directory, { recursive: true });
});

describe('the log', () => {
  const TIME = '\\d{4}-\\d\\d-\\d\\dT[\\d:.]+Z';

  test('without a file is standard error', () => {
    const log = new Log({ format: 'text', debug: false });
    log.fail('no');
    log.warn('careful');
    log.debug('nobody wants to know');
    expect(printed[0]).toBe('corral-oci: no\n');
    expect(printed[1]).toMatch(new RegExp(`^time="${TIME}" level=warning msg="careful"\\n$`));
    expect(printed).toHaveLength(2);
  });

  test('as JSON there, a failure is a line like all others', () => {
    new Log({ format: 'json', debug: false }).fail('no "way"');
    expect(JSON.parse(printed.join(''))).toMatchObject({ level: 'error', msg: 'no "way"' });
  });

  test('with a file has a failure in both', () => {
    const file = join(directory, 'log');
    const log = new Log({ file, format: 'json', debug: true });
    log.debug('at first');
    log.fail('no');
    expect(printed).toEqual(['no\n']);
    const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
    expect(lines.map((line) => (JSON.parse(line) as { readonly level: string }).level)).toEqual(['debug', 'error']);
  });
});

test('a log that cannot be written goes to standard error, with the reason', () => {
  new Log({ file: directory, format: 'text', debug: false }).warn('careful');
  expect(printed.join('')).toMatch(/msg="careful"\ncorral-oci: log: EISDIR/);
});

describe('where containers are registered', () => {
  const as = (uid: number, env: NodeJS.ProcessEnv): string => {
    vi.spyOn(process, 'geteuid').mockReturnValue(uid);
    return defaultRoot(env);
  };

  test.each([
    [0, { XDG_RUNTIME_DIR: '/run/user/0' }, '/run/corral-oci'],
    [5, { XDG_RUNTIME_DIR: '/run/user/5' }, '/run/user/5/corral-oci'],
    [5, { XDG_RUNTIME_DIR: 'relative' }, '/tmp/corral-oci-5'],
    [5, {}, '/tmp/corral-oci-5'],
  ])('of user %i with %j', (uid, env, root) => {
    expect(as(uid, env)).toBe(root);
  });
});

describe('what engines read of a container', () => {
  const spec = engineSpec('true', { annotations: { a: 'b' } }, '/rootfs');
  const state = { spec, createdAt: '2026-01-02T03:04:05.678Z' } as State;
  const common = { ociVersion: '1.3.0', id: 'box', bundle: '/b' } as const;

  test('of one that runs', () => {
    const given = { ...common, status: 'running', pid: 7, annotations: { a: 'b' } } as const;
    expect(describeContainer(state, given)).toEqual({
      ...given,
      rootfs: '/rootfs',
      created: '2026-01-02T03:04:05.678Z',
      owner: '',
    });
  });

  test('of one that has ended, whose pid is 0', () => {
    const described = describeContainer(state, { ...common, status: 'stopped' });
    expect(described).toMatchObject({ pid: 0, status: 'stopped' });
    expect(described).not.toHaveProperty('annotations');
  });
});

test('a table has columns as wide as they need to be, and nothing at the ends of lines', () => {
  expect(formatTable(['ID', 'PID', 'OWNER'], [])).toBe('ID   PID   OWNER\n');
  expect(formatTable(['ID', 'PID', 'OWNER'], [['a-long-one', '7', '']])).toBe(
    'ID           PID   OWNER\na-long-one   7\n',
  );
});

describe('a terminal', () => {
  const { process } = engineSpec('true');
  const TTY = 'cannot allocate tty if runc will detach without setting console socket';
  const SOCKET = 'cannot use console socket if runc will not detach or allocate tty';

  test.each([
    [true, '/s', true, undefined],
    [true, undefined, false, undefined],
    [false, undefined, true, undefined],
    [false, undefined, false, undefined],
    [true, undefined, true, TTY],
    [true, '/s', false, SOCKET],
    [false, '/s', true, SOCKET],
    [false, '/s', false, SOCKET],
  ])('%s, socket %s, detached %s', (terminal, socket, detached, refusal) => {
    const check = (): void => {
      checkTerminal({ ...process, terminal }, socket, detached);
    };
    if (refusal === undefined) expect(check).not.toThrow();
    else expect(check).toThrow(refusal);
  });
});

describe('a bundle', () => {
  const warnings: string[] = [];
  const globals: Globals = {
    store: new Store(directory),
    cgroupManager: 'systemd',
    criu: 'criu',
    warn: (text) => warnings.push(text),
    debug: () => undefined,
  };

  test('is read with where it is, and who makes its cgroups', () => {
    const config = {
      ociVersion: '1.3.0',
      process: { args: ['true'], cwd: '/' },
      root: { path: 'rootfs' },
      annotations: { 'dev.corral.init': 'true' },
    };
    writeFileSync(join(directory, 'config.json'), JSON.stringify(config));
    const spec = readBundle(directory, globals);
    expect(spec.root.path).toBe(join(directory, 'rootfs'));
    expect(spec.annotations).toMatchObject({ [ANNOTATIONS.bundle]: directory, [ANNOTATIONS.cgroupDriver]: 'systemd' });
    expect(warnings).toHaveLength(1);
  });

  test('that is not there is named', () => {
    expect(() => readBundle(join(directory, 'nowhere'), globals)).toThrow(
      `read ${directory}/nowhere/config.json: no such file or directory`,
    );
    expect(() => readText(directory)).toThrow('EISDIR');
  });
});
