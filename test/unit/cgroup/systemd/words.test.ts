import { expect, test } from 'vitest';
import { delegateHint } from '../../../../src/cgroup/systemd/words.js';

test('a cgroup of a user’s systemd gets its controllers from a drop-in', () => {
  expect(delegateHint('/sys/fs/cgroup/user.slice/user-1000.slice/user@1000.service/app.slice/x.scope')).toBe(
    'as root, write "[Service]" and "Delegate=cpu cpuset io memory pids" to ' +
      '/etc/systemd/system/user@.service.d/delegate.conf, then systemctl daemon-reload && systemctl restart ' +
      "user@1000.service (it ends that user's sessions)",
  );
});

test.each(['/sys/fs/cgroup', '/sys/fs/cgroup/system.slice/x.service', '/x/user@.service'])('%s does not', (path) => {
  expect(delegateHint(path)).toBeUndefined();
});
