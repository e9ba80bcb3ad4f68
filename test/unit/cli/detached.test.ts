import { describe, expect, it } from 'vitest';
import { refuseDetachFlags, toSupervised } from '../../../src/cli/detached.js';
import { takeDetachFlags } from '../../../src/cli/flags/detach.js';

const asked = { command: ['web'], options: {}, detach: {}, interactive: false };

describe('what the supervisor is asked for', () => {
  it('is said with what the place of the caller means', () => {
    const { container, callerDirectory, callerEnv } = toSupervised({
      ...asked,
      options: { volumes: ['.:/work'], env: { HOME: undefined, NOT_SET: undefined, A: 'b' } },
    });
    expect(container).toEqual({ volumes: [`${process.cwd()}:/work`], env: { HOME: process.env['HOME'], A: 'b' } });
    expect(callerDirectory).toBe(process.cwd());
    expect(callerEnv?.['PATH']).toBe(process.env['PATH']);
    expect(callerEnv?.['HOME']).toBeUndefined();
  });

  it('is all of the environment where there are no namespaces', () => {
    const { callerEnv } = toSupervised({ ...asked, options: { isolation: 'cgroup' } });
    expect(callerEnv?.['HOME']).toBe(process.env['HOME']);
  });

  it('is what the flags say', () => {
    const detach = {
      detach: true,
      lease: true,
      autoRemove: true,
      restart: 'on-failure:2',
      'log.maxSize': '1M',
      'log.maxFiles': 2,
      'health.command': 'true',
      'health.retries': 9,
      'health.onFailure': 'restart',
    } as const;
    expect(
      toSupervised({ ...asked, options: { timeout: 5, stopSignal: 'INT', gracePeriod: 6 }, detach, interactive: true }),
    ).toMatchObject({
      command: ['web'],
      container: {},
      supervision: {
        restart: { name: 'on-failure', maxRetries: 2 },
        log: { driver: 'json', maxSize: 1_048_576, maxFiles: 2 },
        health: { command: ['/bin/sh', '-c', 'true'], retries: 9, onFailure: 'restart' },
        timeout: 5,
        stopSignal: 'INT',
        gracePeriod: 6,
        interactive: true,
        autoRemove: true,
        leased: true,
      },
    });
  });

  it.each([
    [{ 'log.driver': 'syslog' }, /^log[.]driver: "syslog" is not raw, json or none/],
    [
      { 'health.command': 'true', 'health.onFailure': 'panic' },
      /^health[.]onFailure: "panic" is not none, kill or restart/,
    ],
    [{ 'health.interval': 5 }, /^--health-cmd is missing/],
    [{ restart: 'x' }, /^restart: "x"/],
  ])('is refused by name: %j', (detach, message) => {
    expect(() => toSupervised({ ...asked, detach })).toThrow(message);
  });
});

it('is refused in the foreground by the flag that was typed', () => {
  expect(() => {
    refuseDetachFlags({ autoRemove: true });
  }).not.toThrow();
  expect(() => {
    refuseDetachFlags({ 'log.maxSize': '1M' });
  }).toThrow('--log-max-size needs --detach');
});

it('is told apart from what a container is made of', () => {
  expect(takeDetachFlags({ detach: true, memory: '1G' })).toEqual({
    detach: { detach: true },
    rest: { memory: '1G' },
  });
});
