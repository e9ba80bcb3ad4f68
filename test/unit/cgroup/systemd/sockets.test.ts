import { expect, test } from 'vitest';
import { listSockets } from '../../../../src/cgroup/systemd/sockets.js';

const paths = (uid: number, env: NodeJS.ProcessEnv): readonly string[] =>
  listSockets(uid, env).map(({ path, direct }) => `${direct ? 'manager' : 'bus'} ${path}`);

test('root asks the system, whatever the environment says', () => {
  expect(paths(0, { XDG_RUNTIME_DIR: '/run/user/1000', DBUS_SESSION_BUS_ADDRESS: 'unix:path=/tmp/x' })).toEqual([
    'bus /run/dbus/system_bus_socket',
    'manager /run/systemd/private',
  ]);
});

test('others ask their own, also where the environment is somebody else’s', () => {
  expect(paths(1000, { XDG_RUNTIME_DIR: '/run/user/1000' })).toEqual([
    'bus /run/user/1000/bus',
    'manager /run/user/1000/systemd/private',
  ]);
  expect(paths(1000, {})).toEqual(paths(1000, { XDG_RUNTIME_DIR: 'relative' }));
  expect(paths(1000, { XDG_RUNTIME_DIR: '/run/user/0' })).toEqual([
    'bus /run/user/0/bus',
    'bus /run/user/1000/bus',
    'manager /run/user/0/systemd/private',
    'manager /run/user/1000/systemd/private',
  ]);
});
