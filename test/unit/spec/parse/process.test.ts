import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { OptionError } from '../../../../src/errors/option-error.js';
import { DEFAULT_CAPABILITIES } from '../../../../src/spec/defaults.js';
import { parseUlimit, resolveCapabilities } from '../../../../src/spec/parse/process.js';
import { CAPABILITIES, RLIMIT, RLIM_INFINITY } from '../../../../src/util/linux.js';

describe('a ulimit', () => {
  test.each([
    ['nofile=1024', 'RLIMIT_NOFILE', 1024, 1024],
    ['nofile=1024:4096', 'RLIMIT_NOFILE', 1024, 4096],
    ['core=0', 'RLIMIT_CORE', 0, 0],
    ['core=0:unlimited', 'RLIMIT_CORE', 0, RLIM_INFINITY],
    ['core=-1', 'RLIMIT_CORE', RLIM_INFINITY, RLIM_INFINITY],
    ['nproc=007', 'RLIMIT_NPROC', 7, 7],
    ['as=9007199254740993', 'RLIMIT_AS', 9007199254740993n, 9007199254740993n],
    ['as=1:9999999999999999999', 'RLIMIT_AS', 1, 9999999999999999999n],
  ])('%s', (text, type, soft, hard) => {
    expect(parseUlimit(text, 'ulimits[0]')).toEqual({ type, soft, hard });
  });

  test.each([
    '',
    'nofile',
    'nofile=',
    '=5',
    'nofile=:5',
    'nofile=5:',
    'nofile=1:2:3',
    'nofile=2:1',
    'nofile=unlimited:1',
    'nofile=-2',
    'nofile=1e3',
    'nofile=0x10',
    'nofile=1.5',
    'nofile= 1',
    'nofile=1\n',
    'nofile=1\0',
    'nofile=٣',
    'nofile=Unlimited',
    'NOFILE=1',
    'RLIMIT_NOFILE=1',
    'files=1',
    'constructor=1',
    'as=18446744073709551616',
    'as=99999999999999999999',
  ])('%j is none', (text) => {
    expect(() => parseUlimit(text, 'ulimits[0]')).toThrow(/^ulimits\[0\]: /);
    expect(() => parseUlimit(text, 'ulimits[0]')).toThrow(OptionError);
  });

  test('of an unknown name says the names', () => {
    expect(() => parseUlimit('files=1', 'x')).toThrow(
      expect.objectContaining({ hint: expect.stringContaining('nofile') as unknown }),
    );
  });

  test('reads back what was written', () => {
    const value = fc.oneof(fc.bigInt(0n, 9999999999999999999n), fc.constant(RLIM_INFINITY));
    const format = (limit: bigint): string => (limit === RLIM_INFINITY ? 'unlimited' : String(limit));
    fc.assert(
      fc.property(fc.constantFrom(...Object.keys(RLIMIT)), value, value, (type, a, b) => {
        const [soft, hard] = a <= b ? [a, b] : [b, a];
        const name = type.slice('RLIMIT_'.length).toLowerCase();
        const read = parseUlimit(`${name}=${format(soft)}:${format(hard)}`, 'x');
        expect({ ...read, soft: BigInt(read.soft), hard: BigInt(read.hard) }).toEqual({ type, soft, hard });
      }),
    );
  });
});

describe('capabilities', () => {
  const bounding = (add: readonly string[], drop: readonly string[] = []): readonly string[] =>
    resolveCapabilities(add, drop, true).bounding;
  const sorted = (names: readonly string[]): readonly string[] => CAPABILITIES.filter((name) => names.includes(name));

  test.each<[string, readonly string[], readonly string[], readonly string[]]>([
    ['nothing asked', [], [], DEFAULT_CAPABILITIES],
    ['one more', ['NET_ADMIN'], [], [...DEFAULT_CAPABILITIES, 'CAP_NET_ADMIN']],
    ['by its full name, in small letters', ['cap_net_admin'], [], [...DEFAULT_CAPABILITIES, 'CAP_NET_ADMIN']],
    ['one that is there already', ['CHOWN'], [], DEFAULT_CAPABILITIES],
    ['one less', [], ['CHOWN'], DEFAULT_CAPABILITIES.filter((name) => name !== 'CAP_CHOWN')],
    ['all', ['ALL'], [], CAPABILITIES],
    ['none', [], ['ALL'], []],
    ['none but one', ['NET_RAW'], ['all'], ['CAP_NET_RAW']],
    ['all but one', ['all'], ['SYS_ADMIN'], CAPABILITIES.filter((name) => name !== 'CAP_SYS_ADMIN')],
    ['one added and dropped', ['SYS_TIME'], ['SYS_TIME'], DEFAULT_CAPABILITIES],
    ['all and none: what is added wins, as with Docker', ['ALL'], ['ALL'], CAPABILITIES],
  ])('%s', (_, add, drop, expected) => {
    expect(bounding(add, drop)).toEqual(sorted(expected));
  });

  test.each(['', 'NET', 'CAP_', 'CAP_CAP_CHOWN', 'CHOWN ', 'CAP_CHOWN\0', 'ALL,CHOWN', '*', '__proto__'])(
    '%j is none',
    (name) => {
      expect(() => bounding(['CHOWN', name])).toThrow(/^capAdd\[1\]: /);
      expect(() => bounding([], [name])).toThrow(/^capDrop\[0\]: /);
    },
  );

  test('root holds all that bounds it, and passes nothing on', () => {
    const sets = resolveCapabilities([], [], true);
    expect(sets.effective).toEqual(sets.bounding);
    expect(sets.permitted).toEqual(sets.bounding);
    expect(sets.inheritable).toEqual([]);
    expect(sets.ambient).toEqual([]);
  });

  test('another user holds only what was asked for by name, in every set that carries it past exec', () => {
    const sets = resolveCapabilities(['NET_ADMIN'], [], false);
    expect(sets.bounding).toEqual(sorted([...DEFAULT_CAPABILITIES, 'CAP_NET_ADMIN']));
    for (const set of ['effective', 'permitted', 'inheritable', 'ambient'] as const) {
      expect(sets[set]).toEqual(['CAP_NET_ADMIN']);
    }
    expect(resolveCapabilities(['ALL'], [], false).effective).toEqual([]);
  });

  test('no set ever holds more than the bounding set, nor what was dropped', () => {
    const names = fc.subarray<string>([...CAPABILITIES]);
    fc.assert(
      fc.property(names, names, fc.boolean(), (add, drop, root) => {
        const { bounding: most, ...sets } = resolveCapabilities(add, drop, root);
        for (const set of Object.values(sets)) expect(most).toEqual(expect.arrayContaining([...set]));
        expect(most.filter((name) => drop.includes(name))).toEqual([]);
      }),
    );
  });
});
