// Writes schema/corral.schema.json: the JSON schema of what `corral run -f` reads, for editors.
//
// The shapes are those that corral itself checks (src/spec/options-file.ts), the words those of the library's documentation: the
// comments of the interfaces in src/spec. A test fails when the file is not what this makes of them.
//
//   node scripts/build-schema.mjs          writes the file
//   node scripts/build-schema.mjs --print  prints it
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { toJsonSchema } from '@valibot/to-json-schema';
import { build } from 'esbuild';
import { format } from 'prettier';
import ts from 'typescript';

const root = fileURLToPath(new URL('..', import.meta.url));
const FILE = `${root}/schema/corral.schema.json`;

const json = await formatSchema(describe(await generate()));
if (process.argv.includes('--print')) {
  process.stdout.write(json);
} else {
  mkdirSync(`${root}/schema`, { recursive: true });
  writeFileSync(FILE, json);
}

/** The shapes, as JSON schema. */
async function generate() {
  const { outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: ['src/spec/options-file.ts'],
    bundle: true,
    write: false,
    platform: 'node',
    format: 'esm',
  });
  const source = Buffer.from(outputFiles[0].contents).toString('base64');
  const { OPTIONS_FILE_SCHEMA } = await import(`data:text/javascript;base64,${source}`);
  return toJsonSchema(OPTIONS_FILE_SCHEMA, { target: 'draft-07', errorMode: 'throw' });
}

/** Adds what the comments say to each field. */
function describe(schema) {
  const comments = new Map([
    ...readComments('src/spec/options.ts', ['LimitOptions', 'ProcessOptions', 'ContainerOptions']),
    ...readComments('src/spec/options-file.ts', ['OptionsFile']),
  ]);
  const properties = Object.fromEntries(
    Object.entries(schema.properties).map(([name, shape]) => {
      const description = comments.get(name);
      if (description === undefined) throw new Error(`${name} has no comment`);
      return [name, { description, ...shape }];
    }),
  );
  return { $schema: schema.$schema, title: 'A container of corral', ...schema, properties };
}

function readComments(path, interfaces) {
  const file = ts.createSourceFile(path, readFileSync(`${root}/${path}`, 'utf8'), ts.ScriptTarget.ES2022, true);
  return file.statements
    .filter((node) => ts.isInterfaceDeclaration(node) && interfaces.includes(node.name.text))
    .flatMap(({ members }) => members)
    .flatMap((member) => {
      const text = commentOf(member);
      return text === '' ? [] : [[member.name.text, text]];
    });
}

/** The comment of a field in plain text, with its default. */
function commentOf(member) {
  const [comment] = ts.getJSDocCommentsAndTags(member).filter(ts.isJSDoc);
  const text = ts.getTextOfJSDocComment(comment?.comment) ?? '';
  const tag = comment?.tags?.find(({ tagName }) => tagName.text === 'default');
  const value = tag === undefined ? '' : `Default: ${ts.getTextOfJSDocComment(tag.comment)}`;
  return [text, value]
    .filter((part) => part !== '')
    .join('\n')
    .replace(/(?<!\n)\n(?!\n|Default)/g, ' ')
    .replace(/\n+/g, ' ')
    .replaceAll('`', '');
}

async function formatSchema(schema) {
  return format(JSON.stringify(schema), { parser: 'json', printWidth: 120 });
}
