import { expect, test } from 'vitest';
import { HookError } from '../../../src/errors/hook-error.js';

test('a hook that has failed is named, with what it has said', () => {
  const error = new HookError('prestart[0]', '/bin/hook', 'exit status 4', { output: 'no such network' });
  expect(error).toMatchObject({
    code: 'ERR_HOOK',
    hook: 'prestart[0]',
    path: '/bin/hook',
    message: 'run hook prestart[0] /bin/hook: exit status 4: no such network',
  });
  expect(new HookError('poststop[1]', '/x', 'ENOENT').message).toBe('run hook poststop[1] /x: ENOENT');
});
