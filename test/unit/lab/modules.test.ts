import { describe, expect, it } from 'vitest';
import { canonicalName, orderModules, parseDepends } from '../../lab/lib/modules.mjs';

describe('orderModules', () => {
  const files: Record<string, string[]> = { bridge: ['stp', 'ipv6'], stp: ['llc'], llc: [], ipv6: [], tun: [] };

  it('puts each after what it needs, once', () => {
    expect(orderModules(['bridge', 'tun', 'ipv6'], (name) => files[name])).toEqual([
      'llc',
      'stp',
      'ipv6',
      'bridge',
      'tun',
    ]);
  });

  it('leaves out what has no file', () => {
    expect(orderModules(['ext4', 'tun'], (name) => files[name])).toEqual(['tun']);
  });

  it('ends although two need each other', () => {
    const circle: Record<string, string[]> = { a: ['b'], b: ['a'] };
    expect(orderModules(['a'], (name) => circle[name])).toEqual(['b', 'a']);
  });
});

describe('parseDepends', () => {
  it.each([
    ['license=GPL\0depends=stp,crc32c-intel\0name=x\0', ['stp', 'crc32c_intel']],
    ['license=GPL\0depends=\0', []],
    ['license=GPL\0', []],
  ])('reads %j', (text, names) => {
    expect(parseDepends(Buffer.from(`ELF\0${text}`))).toEqual(names);
  });

  it('names a module as the kernel does', () => {
    expect(canonicalName('crc-ccitt')).toBe('crc_ccitt');
  });
});
