import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { OptionError } from '../../../../src/errors/option-error.js';
import { resolveUser } from '../../../../src/spec/parse/user.js';

const DATABASE = {
  passwd: [
    '# a comment:x:1:1::/nowhere:',
    'root:x:0:0:root:/root:/bin/sh',
    '',
    'ann:x:1000:1000:Ann,,,:/home/ann:/bin/sh',
    'homeless:x:1001:1001::relative:',
    'short:x:1002:1002',
    'broken',
    'nouid:x::5::/x:',
    'negative:x:-1:5::/x:',
    'hex:x:0x0:0x0::/x:',
    'minus:x:4294967295:5::/x:',
    'wraps:x:4294967296:4294967296::/x:',
    'badgid:x:7:4294967296::/x:',
    ':x:1003:1003::/anon:',
    'ann:x:0:0::/root:',
  ].join('\n'),
  group: [
    'root:x:0:',
    'ann:x:1000:',
    'wheel:x:10:root,ann',
    'audio:x:29:,ann,',
    'nogid:x::ann',
    'wraps:x:4294967296:ann',
    ':x:0:',
    'broken',
    '#video:x:44:ann',
    'wheel:x:11:ann',
  ].join('\n'),
};

const user = (text: string, groups: readonly string[] = []) => resolveUser(text, groups, DATABASE);

describe('a user', () => {
  test.each([
    ['root', { uid: 0, gid: 0, additionalGids: [10], home: '/root' }],
    ['0', { uid: 0, gid: 0, additionalGids: [10], home: '/root' }],
    ['00', { uid: 0, gid: 0, additionalGids: [10], home: '/root' }],
    ['ann', { uid: 1000, gid: 1000, additionalGids: [10, 29, 11], home: '/home/ann' }],
    ['1000', { uid: 1000, gid: 1000, additionalGids: [10, 29, 11], home: '/home/ann' }],
    ['ann:wheel', { uid: 1000, gid: 10, additionalGids: [], home: '/home/ann' }],
    ['ann:5', { uid: 1000, gid: 5, additionalGids: [], home: '/home/ann' }],
    ['0:0', { uid: 0, gid: 0, additionalGids: [], home: '/root' }],
    ['4242', { uid: 4242, gid: 0, additionalGids: [], home: '/' }],
    ['4242:4243', { uid: 4242, gid: 4243, additionalGids: [], home: '/' }],
    ['4294967294', { uid: 4294967294, gid: 0, additionalGids: [], home: '/' }],
    ['homeless', { uid: 1001, gid: 1001, additionalGids: [], home: '/' }],
    ['short', { uid: 1002, gid: 1002, additionalGids: [], home: '/' }],
    ['1003', { uid: 1003, gid: 0, additionalGids: [], home: '/' }],
  ])('%s', (text, expected) => {
    expect(user(text)).toEqual(expected);
  });

  test.each([
    '',
    ':',
    'root:',
    ':0',
    'root:0:0',
    'nobody',
    'broken',
    'nouid',
    'negative',
    'hex',
    '# a comment',
    '-1',
    '+0',
    '1e3',
    '0x0',
    '٠',
    'root\0',
    'root\n',
    '4294967295',
    '4294967296',
    '9'.repeat(400),
    'root:nogroup',
    'root:-1',
    'root:4294967295',
    'root:nogid',
  ])('%j is none', (text) => {
    expect(() => user(text)).toThrow(/^user: /);
    expect(() => user(text)).toThrow(OptionError);
  });

  // setresuid(2) reads 2^32 - 1 as "leave as it is", and 2^32 wraps round to root.
  test.each(['minus', 'wraps', 'badgid', 'root:wraps'])('%s, with an id that wraps, does not exist', (text) => {
    expect(() => user(text)).toThrow(OptionError);
  });

  test('without a database goes by numbers only', () => {
    const none = { passwd: '', group: '' };
    expect(resolveUser('0', [], none)).toEqual({ uid: 0, gid: 0, additionalGids: [], home: '/' });
    expect(() => resolveUser('root', [], none)).toThrow("user of the container's /etc/passwd");
    expect(() => resolveUser('0:root', [], none)).toThrow("group of the container's /etc/group");
  });
});

describe('further groups', () => {
  test('are names or numbers, each once', () => {
    expect(user('ann', ['audio', '29', '30', 'wheel']).additionalGids).toEqual([10, 29, 11, 30]);
    expect(user('0:0', ['audio', '29']).additionalGids).toEqual([29]);
  });

  test.each(['', 'nogroup', '-1', '4294967295', 'wraps', 'a\0'])('%j is none', (group) => {
    expect(() => user('0', ['0', group])).toThrow(/^groups\[1\]: /);
  });
});

test('no database, however broken, gives an id that the kernel reads otherwise', () => {
  const word = fc.constantFrom(
    'a',
    '',
    '0',
    '-1',
    '4294967295',
    '4294967296',
    '1e3',
    '99999999999999999999',
    '/x',
    '#',
  );
  const text = fc
    .array(fc.array(word, { maxLength: 8 }).map((fields) => fields.join(':')))
    .map((lines) => lines.join('\n'));
  fc.assert(
    fc.property(text, text, fc.constantFrom('a', '0', 'a:a', '5:a'), (passwd, group, who) => {
      try {
        const { uid, gid, additionalGids } = resolveUser(who, ['a'], { passwd, group });
        for (const id of [uid, gid, ...additionalGids]) expect(id).toBe(Math.min(id >>> 0, 0xffff_fffe));
      } catch (error) {
        expect(error).toBeInstanceOf(OptionError);
      }
    }),
  );
});
