import { NAME_KINDS, type Offer, type OfferedFlag, type OfferedVerb } from './model.js';
import { FIND_NAMES } from './names.js';
import { quoteForShell } from './quote.js';

/** Returns the script for zsh, 5.0 or later. */
export function zshScript(verbs: readonly OfferedVerb[], everywhere: readonly OfferedFlag[]): string {
  const none = {
    name: '',
    aliases: [],
    summary: '',
    flags: everywhere,
    operands: [{ kind: 'verbs' as const, words: [] }],
  };
  return `#compdef corral
# Completion of corral for zsh. Load it with: source <(corral completion zsh)
# or keep it in a directory of $fpath: corral completion zsh > ~/.zfunc/_corral

# What a verb ("" before there is one) takes: its flags with their help, and the value of one; its operands, as KIND WORD...
__corral_verb() {
  case $1 in
${[none, ...verbs].map(formatVerb).join('\n')}
    (*) return 1 ;;
  esac
}

${FIND_NAMES}
# Adds what fits: an offer (KIND WORD...).
__corral_offer() {
  local kind=\${1%% *} found=1
  local -a list names verbs
  list=(\${=1})
  shift list
  (( $#list )) && compadd -- \${list:#*=} && found=0
  (( \${#list[(R)*=]} )) && compadd -S '' -- \${(M)list:#*=} && found=0
  case $kind in
    (files) _files && found=0 ;;
    (directories) _files -/ && found=0 ;;
    (command) if [[ $2 == first ]]; then _command_names -e && found=0; else _files && found=0; fi ;;
    (verbs)
      verbs=(
${verbs.map(({ name, summary }) => `        ${quoteForShell(`${name}:${summary}`)}`).join('\n')}
      )
      _describe -t verbs verb verbs && found=0 ;;
    (${NAME_KINDS.join('|')}) __corral_names $kind; (( $#names )) && compadd -- $names && found=0 ;;
    (copy)
      __corral_names containers
      [[ $PREFIX != *:* ]] && (( $#names )) && compadd -S '' -- \${^names}: && found=0
      [[ $PREFIX != *:* ]] && _files && found=0 ;;
  esac
  return found
}

${FUNCTION}
if [[ $funcstack[1] == _corral ]]; then _corral "$@"; else compdef _corral corral; fi
`;
}

function formatVerb({ name, aliases, flags, operands }: OfferedVerb): string {
  const described = flags.flatMap(({ short, long, help }) =>
    [...(short === undefined ? [] : [short]), long].map((word) => `        ${quoteForShell(`${word}:${help}`)}`),
  );
  const values = flags.flatMap((flag) => (flag.value === undefined ? [] : [formatFlag(flag, flag.value)]));
  const pattern = [name, ...aliases].map((word) => (word === '' ? "''" : word)).join('|');
  return `    (${pattern})
      flags=(
${described.join('\n')}
      )
      operands=(${operands.map((offer) => quoteForShell(formatOffer(offer))).join(' ')})
      case $2 in
${values.join('\n')}
        (*) value= ;;
      esac ;;`;
}

function formatFlag({ short, long }: OfferedFlag, value: Offer): string {
  return `        (${short === undefined ? '' : `${short}|`}${long}) value=${quoteForShell(formatOffer(value))} ;;`;
}

function formatOffer({ kind, words }: Offer): string {
  return [kind, ...words].join(' ');
}

const FUNCTION = `_corral() {
  emulate -L zsh
  setopt null_glob extended_glob
  local verb= value= wanted= dashes= first=first word index count=1 __corral_state=
  local -a flags operands
  __corral_verb '' ''
  for ((index = 2; index < CURRENT; index++)); do
    word=\${(Q)words[index]}
    if [[ -n $wanted ]]; then
      [[ $wanted == --state-dir ]] && __corral_state=$word
      wanted=
    elif [[ $word == -- && -n $verb ]]; then dashes=1
    elif [[ $word == --state-dir=* && -z $dashes ]]; then __corral_state=\${word#*=}
    elif [[ $word == -* && -z $dashes ]]; then
      __corral_verb "$verb" "$word"
      [[ -n $value && $word != *=* ]] && wanted=$word
    elif [[ -z $verb ]]; then
      verb=$word
      __corral_verb "$verb" '' || return 1
    elif [[ $operands[count] == command* ]]; then
      # What stands after a command's name is the command's.
      dashes=1 first=later
    elif (( count < $#operands )); then (( count++ ))
    fi
  done
  if [[ -n $wanted ]]; then
    __corral_verb "$verb" "$wanted"
    __corral_offer "$value"
  elif [[ $PREFIX == --*=* && -z $dashes ]]; then
    __corral_verb "$verb" "\${PREFIX%%=*}"
    compset -P 1 '*='
    [[ -n $value ]] && __corral_offer "$value"
  elif [[ $PREFIX == -* && -z $dashes ]]; then
    _describe -o -t flags flag flags
  elif (( $#operands )); then
    __corral_offer "$operands[count]" $first
  fi
}
`;
