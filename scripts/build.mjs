// Builds dist/: the library, the command line, and the types.
//
// Node reads and compiles a hundred small modules in 60 ms, and these in a quarter of that: start-up time is a feature.
//
// dist/lib/    the library: ES modules; what few use is in chunks of its own
// dist/cli/    the command line: one CommonJS file (and a smaller one for `run`), because Node's loader of ES modules alone takes
//              some 10 ms, and the program that starts it with V8's code cache; what speaks D-Bus is in a file of its own
// dist/types/  the declarations
import { createHash } from 'node:crypto';
import { chmodSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));

rmSync(`${root}/dist`, { recursive: true, force: true });

/** A package that says only in its package.json what its license is (MIT), and one of the same holder's with the same text. */
const SAME_LICENSE = { 'yoga-layout': 'react' };

const COMMON = {
  absWorkingDir: root,
  bundle: true,
  platform: 'node',
  target: 'node20',
  metafile: true,
  logLevel: 'warning',
};

// The files of src/native find the package's directory two above their own: so are dist/lib and dist/cli.
const library = await build({
  ...COMMON,
  entryPoints: { index: 'src/index.ts' },
  outdir: 'dist/lib',
  splitting: true,
  format: 'esm',
  plugins: [requireBuiltins(), withoutIntrospection()],
});

// Names stay: they are those of the errors, and make a stack trace worth reading.
const COMMONJS = { ...COMMON, format: 'cjs', minifyWhitespace: true, minifySyntax: true, charset: 'ascii' };

/** What speaks D-Bus. */
const DBUS_SOURCE = 'src/cgroup/systemd/bus.ts';
/** What draws `corral top`. */
const VIEW_SOURCE = 'src/cli/top/ink-view.ts';

const PROGRAM = {
  ...COMMONJS,
  entryPoints: ['src/cli/main.ts'],
  // A function, as start.ts calls it; `require` knows Node's own modules and nothing else.
  banner: {
    js: '(function(require,module,__dirname){',
  },
  footer: { js: '})' },
  define: { 'import.meta.dirname': '__dirname' },
};

const program = await build({
  ...PROGRAM,
  outfile: 'dist/cli/main.cjs',
  plugins: [lazyBuiltins(), dbusApart(), viewApart(), without(/src\/supervisor\/daemon[.]ts$/)],
});

// What is started most is a program of its own, without the other verbs: every byte is read, and every function that V8 knows
// is unpacked, at each start.
await build({
  ...PROGRAM,
  outfile: 'dist/cli/run.cjs',
  plugins: [lazyBuiltins(), dbusApart(), onlyVerb('run'), without(/src\/cli\/detached[.]ts$/)],
});

// What keeps containers running: the verb that does so, and the server that nobody else has.
await build({
  ...PROGRAM,
  outfile: 'dist/cli/supervise.cjs',
  plugins: [lazyBuiltins(), dbusApart(), onlyVerb('supervise')],
});

// What engines start.
const engine = await build({
  ...PROGRAM,
  entryPoints: ['src/oci/main.ts'],
  outfile: 'dist/cli/oci.cjs',
  plugins: [lazyBuiltins(), dbusApart()],
});

// Only who talks to systemd reads it.
await build({
  ...COMMONJS,
  entryPoints: [DBUS_SOURCE],
  outfile: 'dist/cli/dbus.cjs',
  plugins: [withoutIntrospection()],
});

// Only `corral top` on a terminal reads it: it is larger than all that is corral's. An ES module, since it awaits at its top;
// CommonJS can import one, as a program that is a function cannot.
const view = await build({
  ...COMMON,
  entryPoints: [VIEW_SOURCE],
  outfile: 'dist/cli/top.mjs',
  format: 'esm',
  minify: true,
  keepNames: false,
  charset: 'ascii',
  define: { 'process.env.NODE_ENV': '"production"' },
  banner: { js: "import{createRequire}from'node:module';const require=createRequire(import.meta.url);" },
  plugins: [withoutDevelopment()],
});
writeFileSync(`${root}/dist/cli/top.cjs`, "module.exports = { load: () => import('./top.mjs') };\n");

for (const [source, name] of [
  ['src/cli/start.ts', 'corral'],
  ['src/oci/start.ts', 'corral-oci'],
]) {
  await build({
    ...COMMONJS,
    entryPoints: [source],
    outfile: `dist/cli/${name}.cjs`,
    define: {
      'import.meta.dirname': '__dirname',
      CORRAL_BUILD: JSON.stringify(
        digest('dist/cli/main.cjs', 'dist/cli/run.cjs', 'dist/cli/supervise.cjs', 'dist/cli/oci.cjs'),
      ),
    },
  });
  chmodSync(`${root}/dist/cli/${name}.cjs`, 0o755);
}

// The library holds all that is in the others.
const inputs = [library, program, engine, view].flatMap(({ metafile }) => Object.keys(metafile.inputs));
writeFileSync(`${root}/dist/THIRD-PARTY-LICENSES.txt`, bundledLicenses(inputs));

await import('./build-types.mjs');

function digest(...paths) {
  const hash = createHash('sha256');
  for (const path of paths) hash.update(readFileSync(`${root}/${path}`));
  return hash.digest('hex').slice(0, 12);
}

/** Leaves out all verbs but one. */
function onlyVerb(verb) {
  return {
    name: 'only-verb',
    setup({ onLoad }) {
      onLoad({ filter: /src\/cli\/verbs\/[^/]*$/ }, ({ path }) =>
        path.endsWith(`/${verb}.ts`) ? undefined : { contents: 'export {};', loader: 'js' },
      );
    },
  };
}

/** Leaves out a part that another program has: start.ts chooses which is started. */
function without(filter) {
  return {
    name: 'without',
    setup({ onLoad }) {
      onLoad({ filter }, () => ({ contents: 'export {};', loader: 'js' }));
    },
  };
}

/** Leaves out what speaks D-Bus: it is loaded from a file of its own when it is first asked for. */
function dbusApart() {
  const contents = `module.exports = require('node:module').createRequire(__dirname + '/')('./dbus.cjs');`;
  return {
    name: 'dbus-apart',
    setup({ onResolve, onLoad }) {
      onResolve({ filter: /^[.][/]bus[.]js$/ }, ({ path }) => ({ path, namespace: 'dbus' }));
      onLoad({ filter: /.*/, namespace: 'dbus' }, () => ({ contents, loader: 'js' }));
    },
  };
}

/** Leaves out the terminal UI library: it is loaded from a file of its own when it is first asked for. */
function viewApart() {
  const contents = `module.exports = {
    showTop: async (view) =>
      (await require('node:module').createRequire(__dirname + '/')('./top.cjs').load()).showTop(view),
  };`;
  return {
    name: 'view-apart',
    setup({ onResolve, onLoad }) {
      onResolve({ filter: /\/ink-view[.]js$/ }, ({ path }) => ({ path, namespace: 'view' }));
      onLoad({ filter: /.*/, namespace: 'view' }, () => ({ contents, loader: 'js' }));
    },
  };
}

/** Parts of the terminal UI library that look at how it is developed, or think that nobody looks where CI is set. */
function withoutDevelopment() {
  return {
    name: 'without-development',
    setup({ onResolve, onLoad }) {
      onResolve({ filter: /^(react-devtools-core|is-in-ci)$/ }, ({ path }) => ({ path, namespace: 'nothing' }));
      onLoad({ filter: /.*/, namespace: 'nothing' }, () => ({ contents: 'export default false;', loader: 'js' }));
    },
  };
}

/** The part of the D-Bus library that asks peers what they offer, in XML: corral knows what systemd offers. */
function withoutIntrospection() {
  return {
    name: 'without-introspection',
    setup({ onLoad }) {
      onLoad({ filter: /\/dbus-native\/lib\/introspect\.js$/ }, () => ({
        contents: 'module.exports = {};',
        loader: 'js',
      }));
    },
  };
}

/** CommonJS modules in an ES module: there is no `require` for what is part of Node. */
function requireBuiltins() {
  return {
    name: 'require-builtins',
    setup({ onResolve, onLoad }) {
      onResolve({ filter: /^(node:)?[a-z_/]+$/ }, ({ path, kind }) =>
        kind === 'require-call' && isBuiltin(path) ? { path, namespace: 'builtin' } : undefined,
      );
      onLoad({ filter: /.*/, namespace: 'builtin' }, ({ path }) => ({
        contents: `module.exports = process.getBuiltinModule('${path}');`,
        loader: 'js',
      }));
    },
  };
}

/** Parts of Node that take long to load, and what stands in for them until they are really used. */
function lazyBuiltins() {
  const lazily = (module) => {
    const getters = Object.keys(process.getBuiltinModule(module)).map(
      (name) => `get ${name}() { return load().${name}; }`,
    );
    return `const load = () => process.getBuiltinModule('${module}'); module.exports = { ${getters.join(', ')} };`;
  };
  const standIns = {
    // commander wants it for subcommands that are programs of their own; corral has none.
    'node:child_process': lazily('node:child_process'),
    'node:timers/promises': lazily('node:timers/promises'),
    'node:tty': lazily('node:tty'),
    'node:path/posix': "module.exports = require('node:path').posix;",
    'node:process': 'module.exports = process;',
  };
  return {
    name: 'lazy-builtins',
    setup({ onResolve, onLoad }) {
      onResolve({ filter: /^node:/ }, ({ path }) => (path in standIns ? { path, namespace: 'stand-in' } : undefined));
      onLoad({ filter: /.*/, namespace: 'stand-in' }, ({ path }) => ({ contents: standIns[path], loader: 'js' }));
    },
  };
}

/** The licenses of the packages that are part of the bundles, as those ask for. */
function bundledLicenses(paths) {
  const packages = new Set(paths.flatMap((path) => /^node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1] ?? []));
  return [...packages].map((name) => `${name}\n${'='.repeat(name.length)}\n\n${readLicense(name)}`).join('\n\n');
}

function readLicense(name) {
  if (name in SAME_LICENSE) return readLicense(SAME_LICENSE[name]);
  for (const file of ['LICENSE', 'LICENSE.md', 'license', 'LICENSE.txt', 'LICENSE-MIT.txt']) {
    try {
      return readFileSync(`${root}/node_modules/${name}/${file}`, 'utf8');
    } catch {
      // another spelling
    }
  }
  throw new Error(`${name} is part of the bundle and has no license file`);
}
