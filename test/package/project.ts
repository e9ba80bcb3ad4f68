import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type TestContext, inject } from 'vitest';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));
export const CACHE = join(ROOT, 'node_modules/.cache');

/** Every line of Node that the package supports. */
export const NODE_MAJORS = [20, 22, 24, 26] as const;

/** The programs that npm needs to run a script. Beside them there is only a Node: no compiler, no make, no Python. */
const TOOLS = ['sh', 'env'];

/** How a program ended. */
export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** An empty project of somebody who uses the package. */
export interface Project {
  readonly directory: string;
  readonly run: (file: string, words: readonly string[], env?: NodeJS.ProcessEnv) => Ended;
  /** Runs the project's Node. */
  readonly node: (...words: readonly string[]) => Ended;
  /** Runs npm, where there is nothing but `path`. */
  readonly npm: (words: readonly string[], env?: NodeJS.ProcessEnv) => Ended;
  readonly npx: (...words: readonly string[]) => Ended;
  /** The one directory of programs where nothing can be compiled. */
  readonly tools: string;
  readonly remove: () => void;
}

/**
 * Makes a project.
 *
 * @param node - the Node that it is run with
 * @param path - directories of programs that npm has besides those that it needs; none unless given
 */
export function makeProject(node: string, path = ''): Project {
  const directory = mkdtempSync(join(tmpdir(), 'corral-test-project-'));
  const tools = makeTools(join(directory, '.tools'), node);
  writeFileSync(join(directory, 'package.json'), JSON.stringify({ name: 'user', version: '1.0.0', private: true }));
  const env = {
    // Containers look for their commands in the PATH of whoever starts them.
    PATH: `${tools}:${process.env['PATH'] ?? ''}`,
    HOME: directory,
    CORRAL_STATE_DIR: join(directory, '.state'),
    npm_config_cache: join(directory, '.npm'),
    // What is not in the tarball is not there.
    npm_config_offline: 'true',
    npm_config_audit: 'false',
    npm_config_fund: 'false',
    npm_config_update_notifier: 'false',
  };
  const run: Project['run'] = (file, words, more = {}) => {
    const { status, stdout, stderr } = spawnSync(file, words, {
      cwd: directory,
      env: { ...env, ...more },
      encoding: 'utf8',
    });
    return { code: status, stdout, stderr };
  };
  const npm = findNpm();
  return {
    directory,
    run,
    node: (...words) => run(node, words),
    npm: (words, more) => run(node, [npm, ...words], { PATH: [tools, path].filter(Boolean).join(':'), ...more }),
    tools,
    npx: (...words) => run(node, [join(dirname(npm), 'npx-cli.js'), ...words]),
    remove: () => {
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** Copies an example into a project, where `corral` is what was installed. */
export function copyExample({ directory }: Project, name: string, as: string = name): void {
  cpSync(join(ROOT, 'examples', name), join(directory, as));
}

/** Unpacks the packed package. @returns the directory, which the caller removes */
export function unpack(directory: string): string {
  mkdirSync(directory, { recursive: true });
  execFileSync('tar', ['-xzf', inject('tarball'), '-C', directory, '--strip-components=1']);
  return directory;
}

/** The Node of a major version. Where it could not be fetched the test is skipped; under CI that is a failure. */
export function needNode(context: Pick<TestContext, 'skip'>, major: number): string {
  const node = inject('nodes')[major];
  if (node !== undefined && 'file' in node) return node.file;
  const reason = node?.missing ?? `there is no Node ${major}`;
  if (process.env['CI'] !== undefined) throw new Error(reason);
  return context.skip(reason);
}

/** npm's own program, so that any Node can run it. */
export function findNpm(): string {
  const running = process.env['npm_execpath'];
  if (running?.endsWith('npm-cli.js') === true) return running;
  const modules = execFileSync('npm', ['root', '--global'], { encoding: 'utf8', stdio: 'pipe' }).trim();
  const found = join(modules, 'npm/bin/npm-cli.js');
  if (!existsSync(found)) throw new Error(`npm is not in ${modules}: run this by npm run test:package`);
  return found;
}

/** An environment without what an npm that runs this hands down, which one that this starts would take for its own. */
export function withoutNpm(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(env).filter(([name]) => !/^npm_(package|lifecycle|config_local)/.test(name)),
  );
}

function makeTools(directory: string, node: string): string {
  mkdirSync(directory);
  for (const tool of TOOLS) {
    const file = ['/usr/bin', '/bin'].map((path) => join(path, tool)).find((path) => existsSync(path));
    if (file === undefined) throw new Error(`${tool} is neither in /usr/bin nor in /bin`);
    symlinkSync(file, join(directory, tool));
  }
  symlinkSync(node, join(directory, 'node'));
  return directory;
}
