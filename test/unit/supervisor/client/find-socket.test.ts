import { expect, test } from 'vitest';
import { findSocket } from '../../../../src/supervisor/client/find-socket.js';

test.each([
  [{ socket: '/x/y.sock' }, 0, {}, { path: '/x/y.sock', isGiven: true }],
  [{ socket: '/x/y.sock', stateDir: '/s' }, 0, { CORRAL_API: '/z' }, { path: '/x/y.sock', isGiven: true }],
  [{ stateDir: '/s' }, 0, { CORRAL_API: '/z' }, { path: '/s/api/corral.sock', isGiven: false }],
  [{}, 0, { CORRAL_API: '/z' }, { path: '/z', isGiven: true }],
  [{}, 1000, { XDG_RUNTIME_DIR: '/run/user/1000', CORRAL_API: 'relative' }, undefined],
  [{}, 0, {}, { path: '/run/corral/api/corral.sock', isGiven: false }],
])('%j for user %d with %j', (options, uid, env, expected) => {
  const own = { path: '/run/user/1000/corral/api/corral.sock', isGiven: false };
  expect(findSocket(options, uid, env)).toEqual(expected ?? own);
});
