import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ApiServer, type ApiServerOptions } from '../../src/supervisor/api/server.js';
import { FakeSupervisor } from './fake-supervisor.js';

/** A server with a supervisor that is none behind it. */
export interface ServedFake extends AsyncDisposable {
  readonly fake: FakeSupervisor;
  readonly server: ApiServer;
  readonly stateDir: string;
  readonly socket: string;
}

/** Serves a fake on a socket of its own. */
export async function serveFake(options: Partial<ApiServerOptions> = {}): Promise<ServedFake> {
  const stateDir = mkdtempSync(join(tmpdir(), 'corral-test-api-'));
  const socket = join(stateDir, 'api/corral.sock');
  const fake = new FakeSupervisor();
  const server = await ApiServer.listen({
    face: fake,
    socketPath: socket,
    authorize: () => ({ key: 'user 0' }),
    info: () => ({
      version: '1.2.3',
      pid: 7,
      startedAt: '2026-01-02T03:04:05.678Z',
      stateDir,
      dataDir: join(stateDir, 'data'),
      containers: fake.containers.size,
    }),
    ...options,
  });
  return {
    fake,
    server,
    stateDir,
    socket,
    async [Symbol.asyncDispose]() {
      await server.close();
      for (const child of fake.execs) child.kill('SIGKILL');
      rmSync(stateDir, { recursive: true });
    },
  };
}
