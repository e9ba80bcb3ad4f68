import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { VERBS } from '../../../src/cli/verbs.js';
import { requires } from '../../helpers/requires.js';
import { Screen } from '../../helpers/tmux.js';
import { MAIN } from './cli-lab.js';

const execute = promisify(execFile);

let directory: string;

const run = async (program: string, ...words: readonly string[]): Promise<string> => {
  const env = { ...process.env, CORRAL_STATE_DIR: `${directory}/state`, HOME: directory };
  const { stdout } = await execute(program, words, { env, cwd: `${directory}/work`, maxBuffer: 10_000_000 });
  return stdout;
};

// A container is known by its files: nothing need run for this.
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'corral-test-completion-'));
  for (const name of ['state/data/archive', 'state/data/web', 'elsewhere', 'work/sub', 'empty']) {
    mkdirSync(join(directory, name), { recursive: true });
  }
  for (const file of ['state/web.state', 'state/worker.state', 'state/web.report', 'state/data/archive/record']) {
    writeFileSync(join(directory, file), '');
  }
  for (const file of ['state/data/web/record', 'elsewhere/other.state', 'work/file.txt']) {
    writeFileSync(join(directory, file), '');
  }
  for (const shell of ['bash', 'zsh', 'fish']) {
    writeFileSync(join(directory, shell), await run(process.execPath, MAIN, 'completion', shell));
  }
});
afterAll(() => rmSync(directory, { recursive: true }));

/** What is offered after a line, as the shell itself tells. */
interface Shell {
  readonly name: string;
  readonly offers: (line: string) => Promise<readonly string[]>;
}

const bash: Shell = {
  name: 'bash',
  offers: async (line) => {
    // As bash calls it for a TAB; compopt makes sense only there.
    const script = `source "$1"; compopt() { :; }; COMP_LINE=$2; COMP_POINT=\${#2}; _corral; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const stdout = await run('bash', '-c', script, 'bash', join(directory, 'bash'), line);
    return lines(stdout);
  },
};

const fish: Shell = {
  name: 'fish',
  offers: async (line) => {
    const stdout = await run(
      'fish',
      '--no-config',
      '-c',
      'source $argv[1]; complete -C $argv[2]',
      join(directory, 'fish'),
      line,
    );
    return lines(stdout).map((offer) => offer.split('\t')[0] ?? '');
  },
};

function lines(text: string): readonly string[] {
  return [...new Set(text.split('\n').filter((line) => line !== ''))].sort();
}

describe.each([bash, fish])('$name', ({ name, offers }) => {
  it('knows all verbs', async (context) => {
    requires(context, { programs: [name] });
    expect(await offers('corral ')).toEqual([...Object.keys(VERBS), 'help'].sort());
    expect(await offers('corral he')).toEqual(['help']);
    expect(await offers('corral help ki')).toEqual(['kill']);
  });

  it('knows the flags of each verb, and where they end', async (context) => {
    requires(context, { programs: [name] });
    expect(await offers('corral kill --dry')).toEqual(['--dry-run']);
    expect(await offers('corral kill web --dry')).toEqual(['--dry-run']);
    expect(await offers('corral --stat')).toEqual(['--state-dir']);
    expect(await offers('corral run --memory-s')).toEqual(['--memory-swap']);
    expect(await offers('corral ps --dry')).toEqual([]);
    expect(await offers('corral run ls --memory-s')).toEqual([]);
    expect(await offers('corral run -- --memory-s')).toEqual([]);
  });

  it('knows what flags may be', async (context) => {
    requires(context, { programs: [name] });
    expect(await offers('corral run --net ')).toEqual(['host', 'none', 'private']);
    expect(await offers('corral kill -s HU')).toEqual(['HUP']);
    expect(await offers('corral stop --signal US')).toEqual(['USR1', 'USR2']);
    expect(await offers('corral ps --filter status=p')).toEqual([name === 'bash' ? 'paused' : 'status=paused']);
    expect(await offers('corral events --filter event=oo')).toEqual([name === 'bash' ? 'oom' : 'event=oom']);
    expect(await offers('corral run --cap-add NET_AD')).toEqual(['NET_ADMIN']);
    expect(await offers('corral run --net=h')).toEqual([name === 'bash' ? 'host' : '--net=host']);
    expect(await offers('corral completion ')).toEqual(['bash', 'fish', 'zsh']);
    expect(await offers('corral run --log-driver ')).toEqual(['json', 'none', 'raw']);
    expect(await offers('corral run --health-on-failure ')).toEqual(['kill', 'none', 'restart']);
    expect(await offers('corral run --restart u')).toEqual(['unless-stopped']);
    expect(await offers('corral attach --sig-proxy ')).toEqual(['false', 'true']);
  });

  it('knows containers by their names', async (context) => {
    requires(context, { programs: [name] });
    expect(await offers('corral pause ')).toEqual(['web', 'worker']);
    expect(await offers('corral kill web wo')).toEqual(['worker']);
    // worker is somebody else's, web the supervisor's, and archive has ended.
    for (const verb of ['inspect', 'wait', 'stop', 'kill', 'events', 'top'])
      expect(await offers(`corral ${verb} `), verb).toEqual(['archive', 'web', 'worker']);
    for (const verb of ['logs', 'rm', 'restart'])
      expect(await offers(`corral ${verb} `), verb).toEqual(['archive', 'web']);
    expect(await offers('corral logs -f --tail 3 a')).toEqual(['archive']);
    expect(await offers('corral start ')).toEqual(['archive']);
    expect(await offers('corral attach ')).toEqual(['web']);
    for (const verb of ['stats', 'exec', 'update'])
      expect(await offers(`corral ${verb} `), verb).toEqual(['web', 'worker']);
    expect(await offers('corral cp w')).toEqual(['web:', 'worker:']);
    expect(await offers('corral unpause we')).toEqual(['web']);
    expect(await offers('corral exec w')).toEqual(['web', 'worker']);
    expect(await offers('corral kill -s HUP w')).toEqual(['web', 'worker']);
    expect(await offers(`corral --state-dir ${directory}/elsewhere kill `)).toEqual(['other']);
    expect(await offers(`corral kill --state-dir=${directory}/elsewhere `)).toEqual(['other']);
    expect(await offers(`corral --state-dir ${directory}/empty kill `)).toEqual([]);
    expect(await offers(`corral --state-dir ${directory}/nowhere kill `)).toEqual([]);
  });

  it('offers programs and files where a command stands, and its words are its own', async (context) => {
    requires(context, { programs: [name] });
    expect(await offers('corral run mktem')).toContain('mktemp');
    expect(await offers('corral exec web mktem')).toContain('mktemp');
    expect(await offers('corral run cat file')).toContain('file.txt');
    expect(await offers('corral run -f fi')).toContain('file.txt');
    expect(await offers('corral cp we')).toContain('web:');
    expect(await offers('corral cp fi')).toContain('file.txt');
  });
});

describe('on a terminal', () => {
  let screen: Screen;
  const open = async (...words: readonly string[]): Promise<void> => {
    screen = await Screen.open(
      ['env', 'PS1=first> ', 'PROMPT=first> ', `CORRAL_STATE_DIR=${directory}/state`, ...words],
      {},
      {
        columns: 120,
        cwd: join(directory, 'work'),
      },
    );
    await sees(/^first>/);
  };
  /** Sets up the shell, and waits until it has been: its prompt is another then. */
  const setUp = async (line: string): Promise<void> => {
    await screen.enter(`${line}; clear; PS1='> '`);
    await sees(/^> *$/);
  };
  const sees = (row: RegExp): Promise<readonly string[]> =>
    screen.shows(String(row), (rows) => rows.some((text) => row.test(text)));
  const types = async (text: string, row: RegExp, more = ''): Promise<void> => {
    await screen.type(text);
    await screen.press('Tab');
    await screen.type(more);
    await sees(row);
    await screen.press('C-c');
    await screen.shows('a new prompt', (rows) => rows.findLast((text) => text !== '') === '>');
  };

  it('bash completes a line', async (context) => {
    requires(context, { programs: ['tmux', 'bash'] });
    await open('bash', '--norc', '--noprofile', '-i');
    try {
      await setUp(`source ${directory}/bash`);
      // Nothing is offered. What is typed next shows when that is known: a bash interrupted before gives no new prompt.
      await types('corral unp', /^> corral unp!$/, '!');
      await types('corral kill wo', /corral kill worker *$/);
      await types('corral run --net=h', /corral run --net=host *$/);
      await types('corral cp web:', /corral cp web:$/);
      await types('corral ps --filter status=pa', /corral ps --filter status=paused *$/);
      await types('corral run -f fi', /corral run -f file.txt *$/);
    } finally {
      await screen.close();
    }
  });

  it('zsh completes a line, and explains', async (context) => {
    requires(context, { programs: ['tmux', 'zsh'] });
    await open('zsh', '-f');
    try {
      await setUp(`autoload -U compinit; compinit -u -d ${directory}/dump; source ${directory}/zsh`);
      await types('corral kil', /^> corral kill *$/);
      await types('corral kill wo', /corral kill worker *$/);
      await types('corral kill --dr', /corral kill --dry-run *$/);
      await types('corral run --net=h', /corral run --net=host *$/);
      await types('corral ps --filter status=pa', /corral ps --filter status=paused *$/);
      await types('corral wait arc', /corral wait archive *$/);
      await types('corral start ', /corral start archive *$/);
      await types('corral attach ', /corral attach web *$/);
      await types('corral logs -n 3 ar', /corral logs -n 3 archive *$/);
      await types('corral run --log-driver j', /corral run --log-driver json *$/);
      await types('corral run --restart un', /corral run --restart unless-stopped *$/);
      await types('corral exec web mktem', /corral exec web mktemp *$/);
      await types('corral help comp', /corral help completion *$/);
      await types('corral run cat fi', /corral run cat file.txt *$/);
      await types(`corral --state-dir ${directory}/elsewhere kill `, /kill other *$/);
      await types('corral cp wor', /corral cp worker:$/);
      await types('corral pause -', /^--filter +-- those of them that fit/);
    } finally {
      await screen.close();
    }
  });
});

describe('corral completion', () => {
  it.each([['tcsh'], ['']])('has no script for %j', async (shell) => {
    await expect(run(process.execPath, MAIN, 'completion', shell)).rejects.toMatchObject({
      code: 2,
      stderr: expect.stringContaining('there are bash, zsh, fish') as string,
    });
  });
});
