import { describe, expect, test } from 'vitest';
import { knownMountOptions, sortEngineOptions } from '../../../../src/compile/engine/options.js';

const NONE = { set: 0, clear: 0 };

describe('an engine’s mount options', () => {
  test('none say nothing', () => {
    expect(sortEngineOptions([])).toEqual({
      remount: false,
      flags: 0,
      attributes: NONE,
      recursiveAttributes: NONE,
      propagation: [],
      copyUp: false,
      data: [],
    });
  });

  test.each([
    ['ro', 1, { set: 1, clear: 0 }],
    ['rw', 0, { set: 0, clear: 1 }],
    ['nosuid', 2, { set: 2, clear: 0 }],
    ['suid', 0, { set: 0, clear: 2 }],
    ['nodev', 4, { set: 4, clear: 0 }],
    ['dev', 0, { set: 0, clear: 4 }],
    ['noexec', 8, { set: 8, clear: 0 }],
    ['exec', 0, { set: 0, clear: 8 }],
    ['sync', 16, NONE],
    ['async', 0, NONE],
    ['mand', 64, NONE],
    ['nomand', 0, NONE],
    ['dirsync', 128, NONE],
    ['nosymfollow', 256, { set: 0x200000, clear: 0 }],
    ['symfollow', 0, { set: 0, clear: 0x200000 }],
    ['noatime', 1 << 10, { set: 0x10, clear: 0x70 }],
    ['atime', 1 << 21, { set: 0, clear: 0x70 }],
    ['nodiratime', 1 << 11, { set: 0x80, clear: 0 }],
    ['diratime', 0, { set: 0, clear: 0x80 }],
    ['relatime', 1 << 21, { set: 0, clear: 0x70 }],
    ['norelatime', 0, NONE],
    ['strictatime', 1 << 24, { set: 0x20, clear: 0x70 }],
    ['nostrictatime', 1 << 21, { set: 0, clear: 0x70 }],
    ['silent', 1 << 15, NONE],
    ['loud', 0, NONE],
    ['iversion', 1 << 23, NONE],
    ['noiversion', 0, NONE],
    ['lazytime', 1 << 25, NONE],
    ['nolazytime', 0, NONE],
    ['defaults', 0, NONE],
  ])('%s', (option, flags, attributes) => {
    expect(sortEngineOptions([option])).toMatchObject({ flags, attributes, recursiveAttributes: NONE, data: [] });
  });

  test.each([
    ['rro', { set: 1, clear: 0 }],
    ['rrw', { set: 0, clear: 1 }],
    ['rnosuid', { set: 2, clear: 0 }],
    ['rsuid', { set: 0, clear: 2 }],
    ['rnodev', { set: 4, clear: 0 }],
    ['rdev', { set: 0, clear: 4 }],
    ['rnoexec', { set: 8, clear: 0 }],
    ['rexec', { set: 0, clear: 8 }],
    ['rnoatime', { set: 0x10, clear: 0x70 }],
    ['ratime', { set: 0, clear: 0x70 }],
    ['rnodiratime', { set: 0x80, clear: 0 }],
    ['rdiratime', { set: 0, clear: 0x80 }],
    ['rrelatime', { set: 0, clear: 0x70 }],
    ['rnorelatime', NONE],
    ['rstrictatime', { set: 0x20, clear: 0x70 }],
    ['rnostrictatime', { set: 0, clear: 0x70 }],
    ['rnosymfollow', { set: 0x200000, clear: 0 }],
    ['rsymfollow', { set: 0, clear: 0x200000 }],
  ])('%s, of the submounts, too', (option, recursiveAttributes) => {
    expect(sortEngineOptions([option])).toMatchObject({ flags: 0, attributes: NONE, recursiveAttributes, data: [] });
  });

  test.each([
    ['private', 18, false],
    ['rprivate', 18, true],
    ['slave', 19, false],
    ['rslave', 19, true],
    ['shared', 20, false],
    ['rshared', 20, true],
    ['unbindable', 17, false],
    ['runbindable', 17, true],
  ])('%s', (option, bit, recursive) => {
    expect(sortEngineOptions([option]).propagation).toEqual([{ type: 2 ** bit, recursive }]);
  });

  test('of two that contradict each other the later one counts', () => {
    expect(sortEngineOptions(['ro', 'rw'])).toMatchObject({ flags: 0, attributes: { set: 0, clear: 1 } });
    expect(sortEngineOptions(['rw', 'ro'])).toMatchObject({ flags: 1, attributes: { set: 1, clear: 0 } });
    expect(sortEngineOptions(['noatime', 'strictatime'])).toMatchObject({ flags: 1 << 24, attributes: { set: 0x20 } });
    expect(sortEngineOptions(['ro', 'nosuid', 'sync', 'noatime', 'defaults'])).toMatchObject({ flags: 1 << 10 });
  });

  test('what is no flag of the kernel’s', () => {
    const options = ['rbind', 'ridmap', 'remount', 'tmpcopyup'];
    expect(sortEngineOptions(options)).toMatchObject({ bind: 'rbind', idmap: 'ridmap', remount: true, copyUp: true });
    expect(sortEngineOptions(['bind', 'idmap'])).toMatchObject({ bind: 'bind', idmap: 'idmap' });
  });

  test('what is unknown is for the file system', () => {
    const unknown = ['size=64k', 'rsync', 'mode=755', 'constructor', 'r', 'rdefaults', 'X'];
    expect(sortEngineOptions(unknown)).toMatchObject({ flags: 0, data: unknown });
  });

  test('all that are known are listed', () => {
    const known = knownMountOptions();
    expect(known).toEqual(expect.arrayContaining(['ro', 'rro', 'rshared', 'ridmap', 'rnorelatime', 'tmpcopyup']));
    expect(known).not.toContain('rsync');
    for (const option of known) expect(sortEngineOptions([option]).data, option).toEqual([]);
  });
});
