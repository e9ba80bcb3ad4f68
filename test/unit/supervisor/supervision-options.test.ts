import { describe, expect, it } from 'vitest';
import { readSupervision, type SupervisionOptions } from '../../../src/supervisor/supervision-options.js';

it('has defaults', () => {
  expect(readSupervision({})).toEqual({ restart: { name: 'no' }, log: { driver: 'raw' } });
});

it('reads all of it', () => {
  const health = { command: 'curl -f http://localhost/', interval: '5s', timeout: 1000, retries: 2, startPeriod: '1m' };
  expect(
    readSupervision({
      restart: 'on-failure:4',
      log: { maxSize: '1M', maxFiles: 3 },
      health: { ...health, onFailure: 'restart' },
      timeout: '2h',
      stopSignal: 'INT',
      gracePeriod: 500,
      interactive: true,
      autoRemove: true,
    }),
  ).toEqual({
    restart: { name: 'on-failure', maxRetries: 4 },
    log: { driver: 'json', maxSize: 1_048_576, maxFiles: 3 },
    health: {
      command: ['/bin/sh', '-c', 'curl -f http://localhost/'],
      interval: 5000,
      timeout: 1000,
      retries: 2,
      startPeriod: 60_000,
      onFailure: 'restart',
    },
    timeout: 7_200_000,
    stopSignal: 'INT',
    gracePeriod: 500,
    interactive: true,
    autoRemove: true,
  });
});

it('checks health every half minute, three times', () => {
  expect(readSupervision({ health: { command: ['true'] } }).health).toEqual({
    command: ['true'],
    interval: 30_000,
    timeout: 30_000,
    retries: 3,
    startPeriod: 0,
    onFailure: 'none',
  });
});

it('rotates five files, where it is to rotate', () => {
  expect(readSupervision({ log: { maxSize: 100_000 } }).log).toEqual({ driver: 'json', maxSize: 100_000, maxFiles: 5 });
  expect(readSupervision({ log: { driver: 'json' } }).log).toEqual({ driver: 'json' });
  expect(readSupervision({ log: { driver: 'none' } }).log).toEqual({ driver: 'none' });
});

describe('what makes no sense', () => {
  it.each<[string, SupervisionOptions]>([
    ['restart', { restart: 'often' }],
    ['autoRemove', { autoRemove: true, restart: 'always' }],
    ['log.driver', { log: { driver: 'raw', maxSize: '1M' } }],
    ['log.maxFiles', { log: { maxFiles: 3 } }],
    ['log.maxFiles', { log: { maxFiles: 0, maxSize: '1M' } }],
    ['log.maxFiles', { log: { maxFiles: 1.5, maxSize: '1M' } }],
    ['log.maxSize', { log: { maxSize: '1K' } }],
    ['log.maxSize', { log: { maxSize: 'much' } }],
    ['health.command', { health: { command: '' } }],
    ['health.command', { health: { command: [] } }],
    ['health.command', { health: { command: [''] } }],
    ['health.retries', { health: { command: 'true', retries: 0 } }],
    ['health.interval', { health: { command: 'true', interval: 0 } }],
    ['health.timeout', { health: { command: 'true', timeout: 'soon' } }],
    ['health.startPeriod', { health: { command: 'true', startPeriod: -1 } }],
    ['timeout', { timeout: Infinity }],
    ['gracePeriod', { gracePeriod: 'a while' }],
  ])('is refused by name: %s of %j', (option, options) => {
    expect(() => readSupervision(options)).toThrow(new RegExp(`^${option.replace('.', '[.]')}: `));
  });
});
