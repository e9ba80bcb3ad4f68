import { describe, expect, it } from 'vitest';
import { OptionError } from '../../../../src/errors/option-error.js';
import type { UpdateOptions } from '../../../../src/spec/options.js';
import { checkUpdate, parseUpdate } from '../../../../src/spec/parse/update.js';
import type { Resources } from '../../../../src/spec/resources.js';

const device = (path: string) => (path.startsWith('/dev/sd') ? { major: 8, minor: 0 } : undefined);
const parse = (options: object): Resources => parseUpdate(options, device);

describe('parseUpdate', () => {
  it.each<[UpdateOptions, Resources]>([
    [{ memory: '64M' }, { memory: { limit: 67108864 } }],
    [{ memory: 'max' }, { memory: { limit: -1 } }],
    [{ memory: 'max', memoryReservation: 4096 }, { memory: { limit: -1, reservation: 4096 } }],
    [{ memorySwap: 'max' }, { memory: { swap: -1 } }],
    [{ memorySwap: '1k' }, { memory: { swap: 1024 } }],
    [{ cpus: 2 }, { cpu: { quota: 200000, period: 100000 } }],
    [{ cpus: 'max', cpuShares: 5 }, { cpu: { quota: -1, shares: 5 } }],
    [{ cpusetCpus: '0', cpusetMems: '1' }, { cpu: { cpus: '0', mems: '1' } }],
    [{ pids: 5 }, { pids: { limit: 5 } }],
    [{ pids: 'max' }, { pids: { limit: -1 } }],
    [{ ioWeight: 100 }, { blockIO: { weight: 100 } }],
    [
      { deviceReadBps: ['/dev/sda:1k', '/dev/sdb:max'] },
      {
        blockIO: {
          throttleReadBpsDevice: [
            { major: 8, minor: 0, rate: 1024 },
            { major: 8, minor: 0, rate: 0 },
          ],
        },
      },
    ],
  ])('reads %j', (options, resources) => {
    expect(parse(options)).toEqual(resources);
  });

  it.each<[object, string, string?]>([
    [{}, 'options'],
    [{ deviceReadBps: [] }, 'options'],
    [{ memory: undefined }, 'options'],
    [{ memroy: 1 }, 'options', 'did you mean memory?'],
    [{ name: 'web' }, 'options'],
    [{ memory: '12Q' }, 'memory'],
    [{ memory: 0 }, 'memory'],
    [{ memoryReservation: 'max' }, 'memoryReservation'],
    [{ cpus: 0 }, 'cpus'],
    [{ pids: 0 }, 'pids'],
    [{ pids: '5' }, 'pids'],
    [{ cpuShares: 'max' }, 'cpuShares'],
    [{ deviceReadBps: ['/dev/null:max'] }, 'deviceReadBps[0]'],
    [{ deviceWriteIops: ['/dev/sda:5', '/dev/sda:0'] }, 'deviceWriteIops[1]'],
  ])('refuses %j', (options, option, hint) => {
    expect(() => parse(options)).toThrow(OptionError);
    expect(() => parse(options)).toThrow(expect.objectContaining({ option, ...(hint === undefined ? {} : { hint }) }));
  });
});

describe('checkUpdate', () => {
  const check = (current: Resources, options: UpdateOptions) => () => checkUpdate(current, parse(options), options);
  const limited = { memory: { limit: 1000, swap: 2000 } };

  it.each<[Resources, UpdateOptions]>([
    [{}, { pids: 5 }],
    [{}, { memoryReservation: 5 }],
    [{}, { memory: 5 }],
    [{}, { memory: 'max' }],
    [{}, { memory: 5, memorySwap: 6 }],
    [limited, { memory: 2000 }],
    [limited, { memorySwap: 1000 }],
    [limited, { memorySwap: 'max' }],
    [limited, { memory: 'max' }],
    [{ memory: { limit: 5, swap: -1 } }, { memory: 10 }],
    [{ memory: { limit: -1 } }, { memorySwap: 'max' }],
  ])('of %j takes %j', (current, options) => {
    expect(check(current, options)).not.toThrow();
  });

  it.each<[Resources, UpdateOptions, string]>([
    [{}, { memorySwap: 6 }, 'memorySwap'],
    [{}, { memorySwap: 'max' }, 'memorySwap'],
    [limited, { memorySwap: 999 }, 'memorySwap'],
    [limited, { memory: 'max', memorySwap: 3000 }, 'memorySwap'],
    [{ memory: { limit: -1 } }, { memorySwap: 5 }, 'memorySwap'],
    [limited, { memory: 2001 }, 'memory'],
  ])('of %j refuses %j', (current, options, option) => {
    expect(check(current, options)).toThrow(expect.objectContaining({ name: 'OptionError', option }));
  });
});
