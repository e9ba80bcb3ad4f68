import { describe, expect, it } from 'vitest';
import { makeLab } from '../../helpers/lab.js';
import { API_DIRECTORY, API_SOCKET } from '../../../src/spec/api.js';
import { makeConfinedLab } from '../supervisor/confined-lab.js';
import { MAIN } from './cli-lab.js';

const lab = makeLab();
const { ask, outer } = makeConfinedLab(lab);

/** The verbs inside a container, what they say on both streams together. */
const CORRAL = `corral() { ${process.execPath} ${MAIN} "$@" 2>&1; }\n`;

describe('the verbs in a container that was given the socket', () => {
  it('know what was started by it, and nothing else', async () => {
    const web = await outer('web');
    const script = (text: string): Promise<string> => ask(web, CORRAL + text);
    expect(await script('corral ps -q')).toBe('');
    expect(await script(`corral run -d --name job --restart no -- sh -c 'echo hello; sleep 1000'`)).toBe('job');
    expect(await script('corral ps')).toMatch(/^NAME .*\njob +running .* sh -c 'echo hello; sleep 1000'$/);
    expect(await script('until corral logs job | grep hello; do sleep 0.1; done')).toBe('hello');
    expect(await script(`corral exec job sh -c 'echo out; echo err >&2; exit 3'; echo $?`)).toMatch(
      /^(out\nerr|err\nout)\n3$/,
    );
    expect(await script('seq 100000 | corral exec -i job sha256sum')).toBe(await script('seq 100000 | sha256sum'));
    expect(await script('corral top --processes job')).toMatch(/ sleep 1000$/m);
    expect(await script('corral pause job; corral ps --filter status=paused -q; corral resume job')).toContain('\njob');
    expect(await script('corral stats --no-stream job')).toMatch(/^NAME .*\njob +running +\d/);
    expect(await script('corral top --once')).toMatch(/^NAME .*\njob +running .* sleep 1000'$/);
    const seen = lab.containers.tree();
    expect(
      seen.map(({ path, containers }) => [path, ...containers.map((one) => [one.path, one.command.at(-1)])]),
    ).toEqual([['web', [expect.stringMatching(/^web\/web\.[0-9a-f]+\.job$/), 'echo hello; sleep 1000']]]);
    expect(await script('corral stats --no-stream')).toMatch(/\njob +running +\d/);
    for (const words of ['cp job:/etc/hostname -', 'kill --dry-run job'])
      expect(await script(`corral ${words}; echo $?`)).toMatch(
        /^corral: cannot .* "job": container is outside of this one\nhint: its supervisor.*\n1$/,
      );
    for (const words of ['logs web', 'stop web', 'exec web true', 'rm -f web'])
      expect(await script(`corral ${words}; echo $?`)).toMatch(/^corral: container "web" does not exist\n\d+$/);
    expect(await script('corral stop --time 0.1 job > /dev/null; corral inspect job --field status')).toBe('exited');
    expect(await script('corral exec job true; echo $?')).toMatch(
      /"job": container is exited\nhint: corral start job\n/,
    );
    expect(await script('corral rm job; corral ps -a -q')).toBe('job: removed');
  });

  it('say so where nobody listens there', async () => {
    const web = await outer('web');
    expect(
      await ask(web, `export CORRAL_API=${API_DIRECTORY}/no-${API_SOCKET}\n${CORRAL}corral ps -q; echo $?`),
    ).toMatch(/^corral: note: only what runs inside of this container is known: connect .*\n0$/);
  });
});
