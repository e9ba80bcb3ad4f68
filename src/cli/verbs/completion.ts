import { OptionError } from '../../errors/option-error.js';
import { bashScript } from '../completion/bash.js';
import { fishScript } from '../completion/fish.js';
import { type Entry, offerFlags, offerVerb } from '../completion/model.js';
import { zshScript } from '../completion/zsh.js';
import { EXIT } from '../exit-codes.js';
import { GLOBAL_FLAGS } from '../flags/global.js';
import { printOut } from '../print.js';
import type { Verb, VerbCall } from '../verb.js';

const SCRIPTS = { bash: bashScript, zsh: zshScript, fish: fishScript } as const;

/** `corral completion` @param verbs - the table of all verbs, which this one is in itself */
export const makeCompletion = (verbs: Readonly<Record<string, Entry>>): Verb => ({
  operands: '<shell>',
  operandValues: { shell: Object.keys(SCRIPTS) },
  description:
    'Prints a script that has a shell (bash, zsh or fish) complete verbs, flags, their values, and the names of containers.',
  flags: {},
  notes: `Names are read from the directories that containers are registered in: corral is
not started for a TAB.`,
  examples: [
    ['source <(corral completion bash)', 'for this shell; in ~/.bashrc, for all'],
    ['corral completion zsh > ~/.zfunc/_corral', 'in a directory of $fpath'],
    ['corral completion fish > ~/.config/fish/completions/corral.fish', 'for fish'],
  ],
  act: ({ operands }: VerbCall<object>) => printScript(operands, verbs),
});

async function printScript(operands: readonly string[], table: Readonly<Record<string, Entry>>): Promise<number> {
  const [shell = ''] = operands;
  if (!isShell(shell)) throw new OptionError('shell', shell, `a shell: there are ${Object.keys(SCRIPTS).join(', ')}`);
  const verbs = await Promise.all(
    Object.entries(table).map(async ([name, entry]) => offerVerb(name, entry, await entry.load(), GLOBAL_FLAGS)),
  );
  const help = { ...HELP, operands: [{ kind: 'verbs', words: [] }] } as const;
  const version = { long: '--version', help: 'print the version' };
  printOut(SCRIPTS[shell]([...verbs, help], [...offerFlags(GLOBAL_FLAGS), version]));
  return EXIT.ok;
}

const HELP = { name: 'help', aliases: [], summary: 'explain a verb', flags: [] } as const;

function isShell(word: string): word is keyof typeof SCRIPTS {
  return Object.hasOwn(SCRIPTS, word);
}
