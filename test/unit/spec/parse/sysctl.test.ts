import { describe, expect, test } from 'vitest';
import { OptionError } from '../../../../src/errors/option-error.js';
import { checkSysctl } from '../../../../src/spec/parse/sysctl.js';
import { NAMESPACE_TYPES, type NamespaceType } from '../../../../src/spec/types.js';

describe('a kernel parameter', () => {
  test.each<[string, NamespaceType]>([
    ['net.ipv4.ip_forward', 'network'],
    ['net/ipv4/ip_forward', 'network'],
    ['net.ipv4.conf.eth0/1.forwarding', 'network'],
    ['net/ipv4/conf/eth0.1/forwarding', 'network'],
    ['kernel.shmmax', 'ipc'],
    ['kernel.msgmax', 'ipc'],
    ['fs.mqueue.msg_max', 'ipc'],
    ['kernel.domainname', 'uts'],
    ['user.max_user_namespaces', 'user'],
  ])('%s needs the %s namespace', (name, namespace) => {
    const sysctl = { [name]: '1' };
    expect(checkSysctl(sysctl, [namespace])).toBe(sysctl);
    const others = NAMESPACE_TYPES.filter((type) => type !== namespace);
    expect(() => checkSysctl(sysctl, others)).toThrow(`without a ${namespace} namespace: it would change the host`);
  });

  test.each([
    '',
    '.',
    '/',
    'net',
    'net.',
    'net..x',
    '.net.x',
    'net./etc.x',
    'net/../kernel/panic',
    'net.ipv4.//.x',
    'net.ipv4/../../kernel/panic',
    '../net.x',
    'net.x\0',
    'net.x y',
    'kernel.panic',
    'kernel.hostname',
    'kernel.core_pattern',
    'kernel.shmmaxx',
    'vm.overcommit_memory',
    'fs.file-max',
    'fs/mqueue',
    'netx.a',
  ])('%j is none of a namespace', (name) => {
    expect(() => checkSysctl({ [name]: '1' }, NAMESPACE_TYPES)).toThrow(OptionError);
  });

  test('has a value without NUL bytes', () => {
    expect(() => checkSysctl({ 'net.x': '1\0' }, NAMESPACE_TYPES)).toThrow(/^sysctl\.net\.x: /);
  });

  test('need not be there at all', () => {
    expect(checkSysctl({}, [])).toEqual({});
  });
});
