import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, expect } from 'vitest';
import type { Container } from '../../../src/container/container.js';
import { Containers } from '../../../src/container/containers.js';
import type { ExecOptions } from '../../../src/container/exec.js';
import { apiDirectory, Store } from '../../../src/container/store.js';
import { API_DIRECTORY, API_SOCKET } from '../../../src/spec/api.js';
import { makeAuthorize } from '../../../src/supervisor/api/authorize.js';
import { ApiServer } from '../../../src/supervisor/api/server.js';
import { WhenEmpty } from '../../../src/supervisor/cgroups/when-empty.js';
import { Records } from '../../../src/supervisor/record/records.js';
import { Supervisor } from '../../../src/supervisor/supervisor.js';
import { SystemRunner } from '../../../src/supervisor/run/system-runner.js';
import type { Lab } from '../../helpers/lab.js';
import { requires } from '../../helpers/requires.js';

/** The shell function of the callers, curl alone: `api METHOD PATH [JSON]` prints the answer, and its status at the end of the line. */
export const API = `api() { curl -s -X "$1" --unix-socket ${API_DIRECTORY}/${API_SOCKET} -w '%{http_code}' \${3:+--json "$3"} "http://corral/v1/containers$2" | tr -d '\\n'; echo; }
code() { api "$@" | grep -o '"code":"[^"]*"\\|20[0-9]$' | tail -n 1; }
until_log() { n=0; while [ $n -lt 100 ] && ! curl -s --unix-socket ${API_DIRECTORY}/${API_SOCKET} -H 'accept: text/plain' "http://corral/v1/containers/$1/logs" | grep -q "$2"; do sleep 0.1; n=$((n+1)); done; curl -s --unix-socket ${API_DIRECTORY}/${API_SOCKET} -H 'accept: text/plain' "http://corral/v1/containers/$1/logs"; }
`;

/** A supervisor in this process, whose socket containers of the lab are given. */
export interface ConfinedLab {
  readonly supervisor: Supervisor;
  /** Starts a container that waits, and has the socket. */
  readonly outer: (name: string, options?: Parameters<Lab['spawn']>[1]) => Promise<Container>;
  /** Runs a script in a container: {@link API} is there. @returns what it has written */
  readonly ask: (container: Container, script: string, options?: ExecOptions) => Promise<string>;
}

export function makeConfinedLab(lab: Lab): ConfinedLab {
  const socketPath = `${apiDirectory(lab.stateDir)}/${API_SOCKET}`;
  const data = join(lab.stateDir, 'data');
  mkdirSync(data, { mode: 0o700 });
  const whenEmpty = new WhenEmpty();
  let supervisor: Supervisor;
  let server: ApiServer;
  const begin = async (): Promise<void> => {
    const store = new Store(lab.stateDir);
    const records = new Records(data);
    const containers = new Containers({ stateDir: lab.stateDir });
    supervisor = new Supervisor({ containers, records, runner: new SystemRunner({ store, records }) });
    await supervisor.recover();
    server = await ApiServer.listen({
      face: supervisor,
      socketPath,
      authorize: makeAuthorize(store, whenEmpty, supervisor),
      info: () => ({ version: '0', pid: 1, startedAt: '', stateDir: '', dataDir: '', containers: supervisor.size }),
    });
  };
  beforeEach(async (context) => {
    requires(context, { cgroup2: true, programs: ['curl', 'setpriv'] });
    await begin();
  });
  afterEach(async () => {
    for (const { id } of await supervisor.list()) await supervisor.remove(id, { force: true });
    await server.close();
    if (existsSync(apiDirectory(lab.stateDir))) rmSync(apiDirectory(lab.stateDir), { recursive: true });
  });
  return {
    get supervisor() {
      return supervisor;
    },
    outer: (name, options = {}) => lab.spawn(['sleep', '1000'], { name, api: true, ...options }),
    ask: (container, script, options) => ask(lab, container, script, options),
  };
}

/** Runs a script in a container of a lab: {@link API} is there. @returns what it has written */
export async function ask(lab: Lab, { id }: Container, script: string, options: ExecOptions = {}): Promise<string> {
  const { stdout, stderr, exited } = await lab.containers.exec(id, ['sh', '-c', `${API}${script}`], options);
  if (stdout === null || stderr === null) throw new Error('it has no output');
  const [out, err] = await Promise.all([text(stdout), text(stderr)]);
  await exited;
  expect(err).toBe('');
  return out.trimEnd();
}
