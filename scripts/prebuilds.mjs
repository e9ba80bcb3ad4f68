// Makes prebuilds/<platform>-<arch>[-musl]/: the addon and corral-init as the package brings them along, so that nobody
// who installs it needs a compiler. What is there already, and of these sources, is left alone. Then checks every such
// directory, those that were built on other machines and copied here included: `npm pack` must not take stale ones.
//
// vendor/ is filled, too: the headers that the sources need where the package must be compiled after all.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const FILES = ['corral.node', 'corral-init'];
const STAMP = 'built-from.json';

/** The oldest glibc that Node's own builds run with: who has a Node has that. */
const GLIBC_FLOOR = '2.28';

/** What the addon may ask the system for; Node has loaded all of it. */
const LIBRARIES = { glibc: /^(libc\.so\.6|libm\.so\.6|ld-linux-[\w-]+\.so\.\d)$/, musl: /^libc\.musl-\w+\.so\.1$/ };

const HEADERS = {
  'node-addon-api': ['LICENSE.md', 'napi.h', 'napi-inl.h'],
  'node-api-headers': [
    'LICENSE',
    'include/js_native_api.h',
    'include/js_native_api_types.h',
    'include/node_api.h',
    'include/node_api_types.h',
  ],
};

process.chdir(ROOT);
const sources = hashSources();
copyHeaders();
if (!listTargets().some((name) => isForThisNode(name) && findFault(name) === undefined)) make();
check();

function make() {
  if (spawnSync(process.execPath, ['scripts/build-native.mjs'], { stdio: 'inherit' }).status !== 0) process.exit(1);
  const libc = describeAddon('build/Release/corral.node');
  checkIsStatic('build/Release/corral-init');
  const name = `${process.platform}-${process.arch}${libc.name === 'musl' ? '-musl' : ''}`;
  const made = `prebuilds/${name}.new`;
  rmSync(made, { recursive: true, force: true });
  mkdirSync(made, { recursive: true });
  for (const file of FILES) cpSync(`build/Release/${file}`, `${made}/${file}`);
  const files = Object.fromEntries(FILES.map((file) => [file, hash(readFileSync(`${made}/${file}`))]));
  const stamp = { sources, files, libc: `${libc.name} ${libc.version}`.trim(), compiler: describeCompiler() };
  writeFileSync(`${made}/${STAMP}`, `${JSON.stringify(stamp, null, 2)}\n`);
  rmSync(`prebuilds/${name}`, { recursive: true, force: true });
  renameSync(made, `prebuilds/${name}`);
}

function check() {
  const faults = listTargets().flatMap((name) => findFault(name) ?? []);
  for (const fault of faults) console.error(`prebuilds: ${fault}`);
  if (faults.length > 0) {
    console.error('prebuilds: make them again on a machine of that kind with `npm run prebuilds`, or remove them');
    process.exit(1);
  }
  for (const name of listTargets()) {
    const { libc, compiler } = readStamp(name);
    console.log(`prebuilds/${name}: current; needs ${libc}; by ${compiler}`);
  }
}

function listTargets() {
  return existsSync('prebuilds') ? readdirSync('prebuilds').sort() : [];
}

function isForThisNode(name) {
  const { status } = spawnSync(process.execPath, [
    '-e',
    'process.dlopen({ exports: {} }, process.argv[1])',
    `prebuilds/${name}/corral.node`,
  ]);
  return status === 0;
}

/** What is wrong with a directory of prebuilt files, in words; `undefined` when nothing is. */
function findFault(name) {
  if (!/^linux-(x64|arm64)(-musl)?$/.test(name)) return `prebuilds/${name} is for no machine that corral runs on`;
  if (!existsSync(`prebuilds/${name}/${STAMP}`)) return `prebuilds/${name} has no ${STAMP}`;
  const stamp = readStamp(name);
  if (stamp.sources !== sources) return `prebuilds/${name} is of other sources than these`;
  const present = readdirSync(`prebuilds/${name}`).sort().join(' ');
  if (present !== [STAMP, ...FILES].sort().join(' ')) return `prebuilds/${name} holds ${present}`;
  const changed = FILES.find((file) => hash(readFileSync(`prebuilds/${name}/${file}`)) !== stamp.files[file]);
  return changed === undefined ? undefined : `prebuilds/${name}/${changed} is not the file that was built`;
}

function readStamp(name) {
  return JSON.parse(readFileSync(`prebuilds/${name}/${STAMP}`, 'utf8'));
}

/** Of everything that the binaries are made of: names and contents. */
function hashSources() {
  const names = readdirSync('native', { recursive: true }).filter((name) => /\.(c|cc|h|def)$/.test(name));
  const paths = ['binding.gyp', ...names.filter((name) => !name.startsWith('fuzz/')).map((name) => `native/${name}`)];
  const digests = paths.sort().map((path) => `${path} ${hash(readFileSync(path))}\n`);
  return hash(digests.join(''));
}

function hash(content) {
  return createHash('sha256').update(content).digest('hex');
}

/** Which C library an addon was linked with, and the oldest version of it that it loads with. */
function describeAddon(file) {
  const dump = run('objdump', ['-p', '-T', file]);
  const needed = [...dump.matchAll(/^ +NEEDED +(\S+)$/gm)].map(([, library]) => library);
  const name = needed.some((library) => LIBRARIES.musl.test(library)) ? 'musl' : 'glibc';
  const stranger = needed.find((library) => !LIBRARIES[name].test(library));
  if (stranger !== undefined) fail(`${file} needs ${stranger}, which a machine with Node need not have`);
  const versions = [...dump.matchAll(/\bGLIBC_([\d.]+)/g)].map(([, version]) => version);
  const version = versions.sort(compareVersions).at(-1) ?? '';
  if (compareVersions(version, GLIBC_FLOOR) > 0) {
    fail(
      `${file} needs glibc ${version}, and Node's own builds only ${GLIBC_FLOOR}: build it on an older distribution`,
    );
  }
  return { name, version };
}

function checkIsStatic(file) {
  const dump = run('objdump', ['-p', file]);
  if (/^ +(INTERP|NEEDED)\b/m.test(dump)) fail(`${file} is not static: it must run in any root file system`);
}

function describeCompiler() {
  return run(process.env['CXX']?.split(' ')[0] ?? 'g++', ['--version']).split('\n')[0];
}

/** Compares by number, part by part: 2.4 is older than 2.28. */
function compareVersions(left, right) {
  return left.localeCompare(right, 'en', { numeric: true });
}

function copyHeaders() {
  rmSync('vendor', { recursive: true, force: true });
  for (const [name, files] of Object.entries(HEADERS)) {
    mkdirSync(`vendor/${name}`, { recursive: true });
    for (const file of files) cpSync(`node_modules/${name}/${file}`, `vendor/${name}/${file.split('/').at(-1)}`);
  }
}

function run(command, words) {
  const { error, status, stdout, stderr } = spawnSync(command, words, { encoding: 'utf8' });
  if (error) fail(`${command}: ${error.message}`);
  if (status !== 0) fail(`${command} ${words.join(' ')}: ${stderr}`);
  return stdout;
}

/** @returns {never} */
function fail(message) {
  console.error(`prebuilds: ${message}`);
  process.exit(1);
}
