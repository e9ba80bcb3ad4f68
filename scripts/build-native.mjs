// Makes sure that there is an addon and a corral-init that run here. This is npm's `install` script: where the package
// brought binaries along that do, it only says so; elsewhere it builds them, for which it needs a compiler, and nothing of
// the network.
//
//   --force                            builds, whatever is there
//   npm_config_build_from_source=true  builds, though the package brought binaries along

import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const OUTPUTS = ['build/Release/corral.node', 'build/Release/corral-init'].map((path) => join(ROOT, path));
const STAMP = join(ROOT, 'build/corral-built-for');
const require = createRequire(import.meta.url);

/** A clone of the repository, not an installed package: its headers are development dependencies, and it is built in place. */
const IS_CLONE = existsSync(join(ROOT, 'src'));

/** What the outputs depend on besides the sources: another Node or another machine means another build. */
const TARGET = `${process.version} ${process.arch}`;

const COMMON_GYPI = {
  target_defaults: {
    default_configuration: 'Release',
    // How to optimize is said in binding.gyp.
    configurations: { Release: {} },
    cflags: ['-pthread'],
    ldflags: ['-pthread'],
    target_conditions: [['_type in ["shared_library", "loadable_module"]', { cflags: ['-fPIC'] }]],
  },
};

const CONFIG_GYPI = {
  target_defaults: { default_configuration: 'Release' },
  variables: { host_arch: process.arch, target_arch: process.arch, node_shared: 'false', v8_enable_webassembly: 1 },
};

main();

function main() {
  if (process.platform !== 'linux') fail(`corral runs on Linux only, and this is ${process.platform}`);
  if (!process.argv.includes('--force') && isUpToDate()) {
    console.log('corral: native parts are up to date');
    return;
  }
  const prebuilt = wantsBuild() ? undefined : findPrebuilt();
  if (prebuilt !== undefined) {
    console.log(`corral: uses the binaries in ${prebuilt}`);
    return;
  }
  checkTools();
  build();
  console.log('corral: built the addon and corral-init');
}

function wantsBuild() {
  if (IS_CLONE || process.argv.includes('--force')) return true;
  const asked = process.env['npm_config_build_from_source'];
  return asked === 'true' || asked === 'corral';
}

/** The directory of a prebuilt addon that loads into this Node; the order is that of src/native/locate.ts. */
function findPrebuilt() {
  const name = `prebuilds/${process.platform}-${process.arch}`;
  return [name, `${name}-musl`].find((directory) => {
    try {
      process.dlopen({ exports: {} }, join(ROOT, directory, 'corral.node'));
      return true;
    } catch {
      return false;
    }
  });
}

function isUpToDate() {
  if (!OUTPUTS.every((path) => existsSync(path)) || !existsSync(STAMP)) return false;
  if (readFileSync(STAMP, 'utf8') !== TARGET) return false;
  const built = Math.min(...OUTPUTS.map((path) => statSync(path).mtimeMs));
  const sources = readdirSync(join(ROOT, 'native'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(c|cc|h|def)$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name));
  return [join(ROOT, 'binding.gyp'), ...sources].every((path) => statSync(path).mtimeMs <= built);
}

function checkTools() {
  const compiler = process.env['CXX']?.split(' ')[0] ?? 'g++';
  const python = process.env['npm_config_python'] ?? process.env['PYTHON'] ?? 'python3';
  for (const tool of [compiler, process.env['MAKE'] ?? 'make', python]) {
    const { error } = spawnSync(tool, ['--version'], { stdio: 'ignore' });
    if (error) {
      fail(
        `${tool} is missing; building the native parts needs a C++20 compiler, make and python3 ` +
          '(Debian: apt-get install g++ make python3)',
      );
    }
  }
}

function build() {
  const nodedir = findNodedir();
  const result = spawnSync(
    process.execPath,
    [
      findNodeGyp(),
      'rebuild',
      '--release',
      `--nodedir=${nodedir}`,
      `--jobs=${String(availableParallelism())}`,
      '--',
      `-Dnapi_include=${findHeaders('node-addon-api')}`,
      ...(IS_CLONE ? ['-Don_warning=-Werror'] : []),
    ],
    { cwd: ROOT, encoding: 'utf8', maxBuffer: 64 << 20, env: buildEnvironment() },
  );
  if (result.status !== 0) {
    console.error(result.stdout, result.stderr);
    rmSync(STAMP, { force: true });
    fail('the native parts did not build (the output is above)');
  }
  writeFileSync(STAMP, TARGET);
}

/** What the build is not to know of the environment: the settings of npm, which node-gyp would prefer to its arguments, and flags. */
function buildEnvironment() {
  const environment = { ...process.env };
  delete environment['npm_config_nodedir'];
  // corral-init has no C library under it: what flags such as -fstack-protector call is not there.
  for (const name of ['CFLAGS', 'CXXFLAGS', 'CPPFLAGS', 'LDFLAGS']) delete environment[name];
  return environment;
}

function findNodeGyp() {
  const fromNpm = process.env['npm_config_node_gyp'];
  if (fromNpm && existsSync(fromNpm)) return fromNpm;
  try {
    return require.resolve('node-gyp/bin/node-gyp.js');
  } catch {
    return fail('node-gyp is missing; run this through npm, which brings one: npm run build:native');
  }
}

/** Where the headers are: what the user says, what came with this Node, or the headers of Node-API alone. */
function findNodedir() {
  const chosen = process.env['npm_config_nodedir'];
  if (chosen) return chosen;
  const prefix = dirname(dirname(process.execPath));
  const include = join(prefix, 'include/node');
  if (existsSync(join(include, 'node_api.h')) && existsSync(join(include, 'common.gypi'))) return prefix;
  return assembleNodedir();
}

/** corral uses Node-API alone, so the headers of that and the two files that node-gyp wants are enough. */
function assembleNodedir() {
  const directory = join(ROOT, 'node_modules/.cache/corral-nodedir');
  const include = join(directory, 'include/node');
  mkdirSync(include, { recursive: true });
  const headers = findHeaders('node-api-headers');
  for (const name of readdirSync(headers)) writeFileSync(join(include, name), readFileSync(join(headers, name)));
  writeFileSync(join(include, 'common.gypi'), JSON.stringify(COMMON_GYPI, null, 2));
  writeFileSync(join(include, 'config.gypi'), JSON.stringify(CONFIG_GYPI, null, 2));
  const [major, minor, patch] = process.versions.node.split('.');
  writeFileSync(
    join(include, 'node_version.h'),
    `#define NODE_MAJOR_VERSION ${major}\n#define NODE_MINOR_VERSION ${minor}\n#define NODE_PATCH_VERSION ${patch}\n`,
  );
  return directory;
}

/** The headers of a package: a clone has the package, an installed corral has a copy of what it needs of it. */
function findHeaders(name) {
  return IS_CLONE ? resolve(require(name).include_dir) : join(ROOT, 'vendor', name);
}

/** @returns {never} */
function fail(message) {
  console.error(`corral: ${message}`);
  process.exit(1);
}
