import { type Command, Option } from 'commander';

/** What a value is read with. @throws OptionError, which names the library's option */
export type Reader = (text: string, about: { readonly option: string; readonly before: unknown }) => unknown;

/** A flag that takes a value. */
export interface ValueFlag {
  /** As it is typed: `-m, --memory <SIZE>`. */
  readonly flags: string;
  readonly help: string;
  readonly group: string;
  readonly read: Reader;
  /** What shells offer, where the placeholder does not tell. */
  readonly values?: readonly string[];
  /** Other spellings, which work and are not shown. */
  readonly aliases?: readonly string[];
}

/** A flag that takes none. */
export interface SwitchFlag {
  /** As it is typed: `--read-only`. */
  readonly flags: string;
  readonly help: string;
  readonly group: string;
  /** What it sets its option to. */
  readonly value: boolean;
  /** The spelling that sets it to the contrary, where that is the default: it works and is not shown. */
  readonly opposite?: string;
}

export type Flag = ValueFlag | SwitchFlag;

/** Flags by the library option that they set. */
export type Flags = Readonly<Record<string, Flag>>;

/** How each library option is spelt on this command line: as typed, else as in the help. */
export type Spelling = Map<string, string>;

/** Adds flags to a verb; the values are then found in `command.opts()` under the names of the library's options. */
export function addFlags(command: Command, flags: Flags, spelling: Spelling): void {
  for (const [option, flag] of Object.entries(flags)) {
    const shown = new FlagOption(option, flag.flags, flag.help);
    spelling.set(option, shown.long ?? option);
    command.addOption(shown.parsedBy(flagParser(option, flag), spelling).helpGroup(`${flag.group}:`));
    for (const alias of aliasesOf(option, flag)) {
      command.addOption(new FlagOption(option, alias.flags, '').parsedBy(alias.parse, spelling).hideHelp());
    }
  }
}

type Parse = (text: string | undefined, before: unknown) => unknown;

/** An option that is kept under the library's name for it, whatever the flag is called. */
class FlagOption extends Option {
  readonly #key: string;

  constructor(key: string, flags: string, help: string) {
    super(flags, help);
    this.#key = key;
    // `--no-…` is a name like any other here: what it sets is in the table.
    this.negate = false;
  }

  override attributeName(): string {
    return this.#key;
  }

  parsedBy(parse: Parse, spelling: Spelling): this {
    return this.argParser((text: string | undefined, before: unknown) => {
      spelling.set(this.#key, this.long ?? this.#key);
      return parse(text, before);
    });
  }
}

function flagParser(option: string, flag: Flag): Parse {
  if ('value' in flag) return () => flag.value;
  return (text, before) => flag.read(text ?? '', { option, before });
}

function aliasesOf(option: string, flag: Flag): readonly { readonly flags: string; readonly parse: Parse }[] {
  if ('value' in flag) return flag.opposite === undefined ? [] : [{ flags: flag.opposite, parse: () => !flag.value }];
  const placeholder = flag.flags.slice(flag.flags.indexOf(' <'));
  return (flag.aliases ?? []).map((alias) => ({ flags: `${alias}${placeholder}`, parse: flagParser(option, flag) }));
}
