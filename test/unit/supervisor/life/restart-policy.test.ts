import { describe, expect, it } from 'vitest';
import {
  backOff,
  formatRestartPolicy,
  parseRestartPolicy,
  startsAtBoot,
  wantsRestart,
  wasSteady,
} from '../../../../src/supervisor/life/restart-policy.js';

describe('parseRestartPolicy', () => {
  it.each(['no', 'on-failure', 'on-failure:3', 'on-failure:0', 'always', 'unless-stopped'])(
    'reads %s, and writes it',
    (text) => {
      expect(formatRestartPolicy(parseRestartPolicy(text))).toBe(text);
    },
  );

  it.each(['', 'never', 'always:3', 'on-failure:', 'on-failure:x', 'on-failure:-1', 'Always', 'no\n'])(
    'refuses %j',
    (text) => {
      expect(() => parseRestartPolicy(text)).toThrow(
        /^restart: .* no, on-failure, on-failure:TIMES, always or unless-stopped/,
      );
    },
  );
});

describe('wantsRestart', () => {
  const never = { restarts: 0 };

  it('is about the end, and the policy', () => {
    expect(wantsRestart({ name: 'no' }, { ...never, exitCode: 1 })).toBe(false);
    expect(wantsRestart({ name: 'always' }, { ...never, exitCode: 0 })).toBe(true);
    expect(wantsRestart({ name: 'unless-stopped' }, { ...never, exitCode: 0 })).toBe(true);
    expect(wantsRestart({ name: 'on-failure' }, { ...never, exitCode: 0 })).toBe(false);
  });

  it.each([
    ['an exit code', { exitCode: 3 }],
    ['a signal', { exitCode: null }],
    ['an end of which nobody knows how it was', {}],
    ['a start that failed', { error: 'exec /x: ENOENT' }],
  ])('takes %s for a failure', (_what, end) => {
    expect(wantsRestart({ name: 'on-failure' }, { ...never, ...end })).toBe(true);
  });

  it('counts', () => {
    const policy = { name: 'on-failure', maxRetries: 2 } as const;
    expect([0, 1, 2, 3].map((restarts) => wantsRestart(policy, { exitCode: 1, restarts }))).toEqual([
      true,
      true,
      false,
      false,
    ]);
  });
});

it('starts at boot what was up, and with always also what had been stopped', () => {
  const table = (['no', 'on-failure', 'always', 'unless-stopped'] as const).map((name) => [
    name,
    startsAtBoot({ name }, true),
    startsAtBoot({ name }, false),
  ]);
  expect(table).toEqual([
    ['no', false, false],
    ['on-failure', true, false],
    ['always', true, true],
    ['unless-stopped', true, false],
  ]);
});

describe('backOff', () => {
  it('doubles from 100 ms to a minute', () => {
    expect([0, 1, 2, 9, 10, 50].map((restarts) => backOff(restarts, 0.5))).toEqual([
      100, 200, 400, 51_200, 60_000, 60_000,
    ]);
  });

  it('is a fifth more or less', () => {
    expect([backOff(0, 0), backOff(0, 1), backOff(99, 0), backOff(99, 1)]).toEqual([80, 120, 48_000, 72_000]);
  });
});

it('takes a run of ten seconds for a success', () => {
  expect([wasSteady(9_999), wasSteady(10_000)]).toEqual([false, true]);
});
