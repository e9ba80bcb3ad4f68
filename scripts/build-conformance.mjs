// Writes docs/oci-conformance.md from docs/oci-conformance.json: which fields of a config.json are supported. A test fails when the
// file is not what this makes of it, and when a field that the code reads is not in it.
//
//   node scripts/build-conformance.mjs          writes the file
//   node scripts/build-conformance.mjs --print  prints it
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const docs = fileURLToPath(new URL('../docs/', import.meta.url));
const sections = JSON.parse(readFileSync(`${docs}oci-conformance.json`, 'utf8'));

const INTRODUCTION = `# Which fields of a config.json corral follows

Every field of the OCI runtime-spec 1.3.0 for Linux. *Supported*: it is done, or it is an error that names the field where a host
cannot do it; never less than was asked for. *Refused*: an error, always. *Ignored*: the runtime-spec wants it so. A wrong value is
an error that names the field by its JSON pointer, such as \`/linux/resources/memory/limit\`. Properties that the runtime-spec does
not have are ignored, and \`null\` is absent.

\`[]\` stands for the items of a list or a map, \`*\` for each of the fields at that place. *v1* and *v2* say which file of the
cgroup hierarchy a limit is written to.
`;

const markdown = `${INTRODUCTION}\n${sections.map(formatSection).join('\n')}`;
if (process.argv.includes('--print')) process.stdout.write(markdown);
else writeFileSync(`${docs}oci-conformance.md`, markdown);

function formatSection({ title, source, rows }) {
  const hasCgroups = rows.some(({ v1 }) => v1 !== undefined);
  const head = hasCgroups ? ['field', '', 'v1', 'v2', 'note'] : ['field', '', 'note'];
  const lines = rows.map(({ fields, state, v1 = '', v2 = '', note = '' }) =>
    [formatFields(fields), state, ...(hasCgroups ? [v1, v2] : []), note].join(' | '),
  );
  const table = [head.join(' | '), head.map(() => '---').join(' | '), ...lines].map((line) =>
    `| ${line} |`.replaceAll('|  |', '| |'),
  );
  return `## ${title}\n\n${source}\n\n${table.join('\n')}\n`;
}

// The first in full, and of its neighbours what is different.
function formatFields([first, ...others]) {
  const base = first.slice(0, first.lastIndexOf('.') + 1);
  const short = others.map((field) => (base !== '' && field.startsWith(base) ? field.slice(base.length) : field));
  return [first, ...short].map((field) => `\`${field}\``).join(', ');
}
