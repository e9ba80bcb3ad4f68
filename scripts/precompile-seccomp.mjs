// Writes src/compile/seccomp/precompiled.ts: the filters of the default profile, for the capabilities that most containers have.
// To compile one takes some milliseconds of each start. A test fails when the file is not what this makes.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { format } from 'prettier';

const root = fileURLToPath(new URL('..', import.meta.url));
const FILE = `${root}/src/compile/seccomp/precompiled.ts`;

const entry = `
  export { compileSeccomp } from './src/compile/seccomp/compile.js';
  export { DEFAULT_CAPABILITIES } from './src/spec/defaults.js';
  export { NEST_CAPABILITIES } from './src/spec/nest.js';
  export { defaultSeccomp, SECCOMP_CAPABILITIES } from './src/spec/default-seccomp.js';
`;
const { outputFiles } = await build({
  absWorkingDir: root,
  stdin: { contents: entry, resolveDir: root, loader: 'ts' },
  bundle: true,
  write: false,
  platform: 'node',
  format: 'esm',
});
const source = Buffer.from(outputFiles[0].contents).toString('base64');
const { compileSeccomp, DEFAULT_CAPABILITIES, NEST_CAPABILITIES, defaultSeccomp, SECCOMP_CAPABILITIES } = await import(
  `data:text/javascript;base64,${source}`
);

const VARIANTS = [
  { bounding: DEFAULT_CAPABILITIES, nest: false },
  { bounding: [...DEFAULT_CAPABILITIES, ...NEST_CAPABILITIES], nest: true },
];

const entries = ['x64', 'arm64'].flatMap((cpu) =>
  VARIANTS.map(({ bounding, nest }) => {
    const capabilities = SECCOMP_CAPABILITIES.filter((name) => bounding.includes(name));
    const key = [cpu, ...capabilities, ...(nest ? ['nest'] : [])].join(' ');
    const { program } = compileSeccomp(defaultSeccomp({ bounding }, nest), cpu);
    return `  '${key}':\n    '${Buffer.from(program).toString('base64')}',`;
  }),
);
const text = await format(
  `/** Filters of the default profile, as base64, by processor and variant. Made by scripts/precompile-seccomp.mjs. */
export const PRECOMPILED: Readonly<Record<string, string>> = {
${entries.join('\n')}
};
`,
  { parser: 'typescript', singleQuote: true, printWidth: 120 },
);
if (process.argv.includes('--print')) process.stdout.write(text);
else if (readFileSync(FILE, 'utf8') !== text) writeFileSync(FILE, text);
