import { NAME_KINDS, type Offer, type OfferedFlag, type OfferedVerb } from './model.js';
import { quoteForFish } from './quote.js';

/** Returns the script for fish, 3.0 or later. */
export function fishScript(verbs: readonly OfferedVerb[], everywhere: readonly OfferedFlag[]): string {
  const before = everywhere.map((flag) => formatFlag(`'__corral_verb'`, flag));
  const names = verbs.map(
    ({ name, summary }) => `complete -c corral -f -n '__corral_verb' -a ${name} -d ${quoteForFish(summary)}`,
  );
  return `# Completion of corral for fish. Load it with: corral completion fish | source
# or keep it: corral completion fish > ~/.config/fish/completions/corral.fish

${functions(verbs, everywhere)}
complete -c corral -f
${[...before, ...names, ...verbs.flatMap(formatVerb)].join('\n')}
`;
}

function formatVerb({ name, aliases, flags, operands }: OfferedVerb): readonly string[] {
  const condition = `'__corral_verb ${[name, ...aliases].join(' ')}'`;
  const own = `__corral_operand ${[name, ...aliases].join(' ')}`;
  return [
    ...flags.map((flag) => formatFlag(condition, flag)),
    ...operands.flatMap((offer, index) => {
      const isLast = index === operands.length - 1;
      return formatOffer(`'test (${own}) ${isLast ? '-ge' : '-eq'} ${String(index)}'`, offer, index);
    }),
  ];
}

function formatFlag(condition: string, { short, long, help, value }: OfferedFlag): string {
  const spellings = `${short === undefined ? '' : `-s ${short.slice(1)} `}-l ${long.slice(2)}`;
  return `complete -c corral -n ${condition} ${spellings}${formatValue(value)} -d ${quoteForFish(help)}`;
}

function formatValue(value: Offer | undefined): string {
  if (value === undefined) return '';
  const arguments_ = formatArguments(value);
  const files = value.kind === 'files' ? '-r -F' : '-x';
  return ` ${files}${arguments_ === '' ? '' : ` -a ${quoteForFish(arguments_)}`}`;
}

function formatOffer(condition: string, offer: Offer, index: number): readonly string[] {
  const files = offer.kind === 'files' || offer.kind === 'copy' ? '-F' : '-f';
  if (offer.kind === 'command')
    return [`complete -c corral -f -n ${condition} -a '(__corral_command ${String(index)})'`];
  const words = formatArguments(offer);
  if (words === '' && files === '-f') return [];
  return [`complete -c corral ${files} -n ${condition}${words === '' ? '' : ` -a ${quoteForFish(words)}`}`];
}

const FUNCTIONS_OF: Readonly<Partial<Record<Offer['kind'], string>>> = {
  directories: '(__fish_complete_directories)',
  ...Object.fromEntries(NAME_KINDS.map((kind) => [kind, `(__corral_names ${kind})`])),
  copy: '(__corral_names copy)',
  verbs: '$__corral_verbs',
};

function formatArguments({ kind, words }: Offer): string {
  return [...words, ...(FUNCTIONS_OF[kind] === undefined ? [] : [FUNCTIONS_OF[kind]])].join(' ');
}

/** Returns what the conditions use: which verb there is, how many operands, and the names of containers. */
function functions(verbs: readonly OfferedVerb[], everywhere: readonly OfferedFlag[]): string {
  const taking = (flags: readonly OfferedFlag[]): string =>
    flags
      .flatMap(({ short, long, value }) => (value === undefined ? [] : [...(short === undefined ? [] : [short]), long]))
      .join(' ');
  const cases = verbs.map(
    ({ name, aliases, flags }) =>
      `        case ${[name, ...aliases].join(' ')}\n            string split ' ' -- ${quoteForFish(taking(flags))}`,
  );
  return `set -g __corral_verbs ${verbs.map(({ name }) => name).join(' ')}

# The flags of a verb that take a value.
function __corral_taking
    switch "$argv[1]"
        case ''
            string split ' ' -- ${quoteForFish(taking(everywhere))}
${cases.join('\n')}
    end
end

${parseFunction(verbs)}
${CONDITIONS}${NAMES}`;
}

function parseFunction(verbs: readonly OfferedVerb[]): string {
  return `# Sets, for the function around: verb; operands, how many there are; state, the directory that was chosen; rest, the words of
# a command.
function __corral_parse --no-scope-shadowing
    set verb ''
    set operands 0
    set state $CORRAL_STATE_DIR
    set rest
    set dashes ''
    set -l wanted ''
    set -l taking (__corral_taking '')
    set -l tokens (commandline -opc)
    for word in $tokens[2..-1]
        if test -n "$wanted"
            test "$wanted" = --state-dir; and set state $word
            set wanted ''
        else if test -n "$dashes"
            set operands (math $operands + 1)
            set -a rest $word
        else if test "$word" = -- -a -n "$verb"
            set dashes 1
        else if string match -q -- '--state-dir=*' $word
            set state (string replace -- --state-dir= '' $word)
        else if string match -q -- '-*' $word
            contains -- $word $taking; and set wanted $word
        else if test -z "$verb"
            set verb $word
            set taking (__corral_taking $verb)
        else
            set operands (math $operands + 1)
            set -a rest $word
            # What stands after a command's name is the command's.
            contains -- "$verb:$operands" ${commandStarts(verbs)}; and set dashes 1
        end
    end
end
`;
}

const CONDITIONS = `# Whether flags are those of one of these verbs; without any, whether there is no verb yet.
function __corral_verb
    set -l verb; set -l operands; set -l state; set -l rest; set -l dashes
    __corral_parse
    test -z "$dashes"; or return 1
    test -z "$argv" -a -z "$verb"; or begin
        test -n "$verb"; and contains -- $verb $argv
    end
end

# How many operands there are already; fewer than none where the verb is another one.
function __corral_operand
    set -l verb; set -l operands; set -l state; set -l rest; set -l dashes
    __corral_parse
    test -n "$verb"; and contains -- $verb $argv; and echo $operands; or echo -- -1
end

# The command and its own words, from that operand on.
function __corral_command
    set -l verb; set -l operands; set -l state; set -l rest; set -l dashes
    __corral_parse
    set -l typed (commandline -ct)
    set -l own $rest[(math $argv[1] + 1)..-1]
    complete -C "$(string escape -- $own | string join ' ') $typed" 2>/dev/null
end

`;

const NAMES = `# Names: "containers": of those that run; "copy": likewise, with a colon; "known": of all; "kept": of the supervisor's; "held":
# of those of them that run; "ended": of those that do not. By the files that each has, and not by starting corral, which takes
# longer than a key should.
function __corral_names
    set -l verb; set -l operands; set -l state; set -l rest; set -l dashes
    __corral_parse
    set -l data $state/data
    set -l uid (id -u)
    if test -z "$state" -a "$uid" = 0
        set state /run/corral
        set data /var/lib/corral
    else if test -z "$state"
        string match -q '/*' -- "$XDG_RUNTIME_DIR"; and set state $XDG_RUNTIME_DIR/corral; or set state /tmp/corral-$uid
        set data $HOME/.local/state/corral
        string match -q '/*' -- "$XDG_STATE_HOME"; and set data $XDG_STATE_HOME/corral
    end
    set -l running
    for path in $state/*.state
        set -a running (string replace -r '.*/(.*)\\.state$' '$1' -- $path)
    end
    set -l names
    contains -- "$argv[1]" containers copy known; and set names $running
    for path in $data/*/record
        set -l name (string replace -r '.*/([^/]*)/record$' '$1' -- $path)
        set -l fitting kept ended known
        contains -- $name $running; and set fitting kept held
        contains -- "$argv[1]" $fitting; and set -a names $name
    end
    test "$argv[1]" = copy; and set names $names:
    test (count $names) -gt 0; and printf '%s\\n' $names
end
`;

/** For each verb that takes a command: the number of the operand that is the command's name. */
function commandStarts(verbs: readonly OfferedVerb[]): string {
  return verbs
    .flatMap(({ name, operands }) => {
      const index = operands.findIndex(({ kind }) => kind === 'command');
      return index < 0 ? [] : [`${name}:${String(index + 1)}`];
    })
    .join(' ');
}
