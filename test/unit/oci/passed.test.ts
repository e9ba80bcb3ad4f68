import { expect, test } from 'vitest';
import { applyFlags, passedFds, tellPassed } from '../../../src/oci/passed.js';
import { ANNOTATIONS } from '../../../src/spec/annotations.js';
import { engineSpec } from '../../helpers/engine-spec.js';

test('sockets that were opened for this process are handed on, and those that are preserved behind them', () => {
  expect(passedFds(undefined, {}, 7)).toEqual({ count: 0, env: [] });
  expect(passedFds(2, {}, 7)).toEqual({ count: 2, env: [] });
  expect(passedFds(2, { LISTEN_PID: '7', LISTEN_FDS: '3' }, 7)).toEqual({
    count: 5,
    env: ['LISTEN_FDS=3', 'LISTEN_PID=1'],
  });
  expect(passedFds(undefined, { LISTEN_PID: '8', LISTEN_FDS: '3' }, 7)).toEqual({ count: 0, env: [] });
  expect(passedFds(undefined, { LISTEN_PID: '7', LISTEN_FDS: 'x' }, 7)).toEqual({ count: 0, env: [] });
  expect(passedFds(undefined, { LISTEN_PID: '7' }, 7)).toEqual({ count: 0, env: [] });
});

test('a spec knows what its process gets, and whose keys', () => {
  const spec = engineSpec('true');
  expect(applyFlags(spec, { newKeyring: true, pivot: true }, { count: 0, env: [] })).toEqual(spec);
  const changed = applyFlags(spec, { newKeyring: false, pivot: false }, { count: 2, env: ['LISTEN_FDS=2'] });
  expect(changed.annotations).toMatchObject({
    [ANNOTATIONS.preserveFds]: '2',
    [ANNOTATIONS.noNewKeyring]: 'true',
    [ANNOTATIONS.noPivot]: 'true',
  });
  expect(changed.process.env.at(-1)).toBe('LISTEN_FDS=2');
  expect(tellPassed(spec.process, { count: 1, env: [] })).toBe(spec.process);
});
