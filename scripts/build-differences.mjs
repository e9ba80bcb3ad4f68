// Writes docs/conformance-runc.md from the conformance tests' own tables: which sentences of the runtime-spec are tested, and where
// corral-oci and runc do something else. A test fails when the file is not what this makes of them.
//
//   node scripts/build-differences.mjs          writes the file
//   node scripts/build-differences.mjs --print  prints it
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../', import.meta.url));
const read = (path) => JSON.parse(readFileSync(`${root}test/conformance/${path}.json`, 'utf8'));

const DOCUMENTS = [
  ['bundle', 'bundle.md and glossary.md'],
  ['config', 'config.md'],
  ['config-linux', 'config-linux.md'],
  ['runtime', 'runtime.md and runtime-linux.md'],
  ['features', 'features.md and features-linux.md'],
];
const documents = DOCUMENTS.map(([name, title]) => ({ title, sentences: Object.entries(read(`sentences/${name}`)) }));
const sentences = new Map(documents.flatMap((document) => document.sentences));
const differences = read('differences');

const INTRODUCTION = `# How corral-oci and runc follow the runtime-spec

\`test/conformance/\` has a test for each sentence of the OCI runtime-spec 1.3.0 that tells a Linux runtime what it MUST or SHOULD do, and
for most that say what a field means. The tests drive the built \`corral-oci\` from outside, as an engine does, and then the same tests
drive runc, where it is installed. Where a runtime does something else than the sentence says, the test checks that it does just
that, so the tables below stay true: they are written from the ones that the tests use.

The tables of runc were made with runc 1.1.5, Debian 12's. *Until* is the version from which on the test expects what the sentence
says.

| document | sentences | tested | not tested |
| --- | --- | --- | --- |
${documents.map(formatCount).join('\n')}
`;

const markdown = [
  INTRODUCTION,
  formatDifferences('corral-oci', 'Where corral-oci differs', 'On purpose, and as runc does:'),
  formatDifferences('runc', 'Where runc differs', 'What corral-oci does and runc 1.1 does not:'),
  formatUntested(),
].join('\n');

if (process.argv.includes('--print')) process.stdout.write(markdown);
else writeFileSync(`${root}docs/conformance-runc.md`, markdown);

function formatCount({ title, sentences: all }) {
  const untested = all.filter(([, { untested: reason }]) => reason !== undefined).length;
  return `| ${title} | ${all.length} | ${all.length - untested} | ${untested} |`;
}

function formatDifferences(runtime, title, text) {
  const rows = differences.filter((row) => row.runtime === runtime);
  const lines = rows.map(({ sentence, does, because, until = '' }) => {
    const { anchor, text: quoted } = sentences.get(sentence);
    return `| \`#${anchor}\` | ${escape(quoted)} | ${escape(does)} | ${escape(because)} | ${until} |`;
  });
  const table = [
    '| section | the sentence | what it does | why | until |',
    '| --- | --- | --- | --- | --- |',
    ...lines,
  ];
  return `## ${title}\n\n${text}\n\n${tidy(table).join('\n')}\n`;
}

function formatUntested() {
  const lines = [...sentences.values()]
    .filter(({ untested }) => untested !== undefined)
    .map(({ anchor, text, untested }) => `| \`#${anchor}\` | ${escape(text)} | ${escape(untested)} |`);
  const table = ['| section | the sentence | why there is no test |', '| --- | --- | --- |', ...lines];
  return `## What is not tested\n\n${table.join('\n')}\n`;
}

// A column that nothing is in is left out of a line, as prettier does.
function tidy(lines) {
  return lines.map((line) => line.replaceAll('|  |', '| |'));
}

function escape(text) {
  return text.replaceAll('|', '\\|').replaceAll('<', '\\<');
}
