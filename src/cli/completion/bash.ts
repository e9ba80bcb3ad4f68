import { NAME_KINDS, type Offer, type OfferedFlag, type OfferedVerb } from './model.js';
import { FIND_NAMES } from './names.js';
import { quoteForShell } from './quote.js';

/** Returns the script for bash, 4.1 or later. */
export function bashScript(verbs: readonly OfferedVerb[], everywhere: readonly OfferedFlag[]): string {
  const all = [
    { name: '', aliases: [], summary: '', flags: everywhere, operands: [{ kind: 'verbs', words: [] }] },
    ...verbs,
  ];
  return `# Completion of corral for bash. Load it with: source <(corral completion bash)
# or keep it: corral completion bash > ~/.local/share/bash-completion/completions/corral

__corral_verbs=${quoteForShell(verbs.map(({ name }) => name).join(' '))}

# What a verb ("" before there is one) takes: its flags, and those that take a value; its operands, as KIND WORD...
__corral_verb() {
  case $1 in
${all.map((verb) => formatVerb(verb as OfferedVerb)).join('\n')}
    *) return 1 ;;
  esac
}

${FIND_NAMES}
${FUNCTIONS}
complete -F _corral corral
`;
}

function formatVerb({ name, aliases, flags, operands }: OfferedVerb): string {
  const words = flags.flatMap(({ short, long }) => [...(short === undefined ? [] : [short]), long]);
  const values = flags.flatMap((flag) => (flag.value === undefined ? [] : [formatFlag(flag, flag.value)]));
  const pattern = [name, ...aliases].map((word) => (word === '' ? "''" : word)).join('|');
  return `    ${pattern})
      flags=${quoteForShell(words.join(' '))}
      operands=(${operands.map((offer) => quoteForShell(formatOffer(offer))).join(' ')})
      case $2 in
${values.join('\n')}
        *) value= ;;
      esac ;;`;
}

function formatFlag({ short, long }: OfferedFlag, value: Offer): string {
  return `        ${short === undefined ? '' : `${short}|`}${long}) value=${quoteForShell(formatOffer(value))} ;;`;
}

function formatOffer({ kind, words }: Offer): string {
  return [kind, ...words].join(' ');
}

const FUNCTIONS = `# Programs that begin so: what is a word of this shell alone cannot be run.
__corral_programs() {
  local word
  local -A own=()
  for word in $(compgen -abk -A function -- "$1"); do own[$word]=1; done
  for word in $(compgen -c -- "$1"); do
    [[ -n \${own[$word]-} ]] && ! type -P "$word" > /dev/null || COMPREPLY+=("$word")
  done
}

# Adds what fits: an offer (KIND WORD...), and what has been typed.
__corral_offer() {
  local kind=\${1%% *} list=\${1#* } names
  [[ $list == "$kind" ]] && list=
  COMPREPLY+=($(compgen -W "$list" -- "$2"))
  case $kind in
    files) compopt -o filenames; mapfile -t -O \${#COMPREPLY[@]} COMPREPLY < <(compgen -f -- "$2") ;;
    directories) compopt -o filenames; mapfile -t -O \${#COMPREPLY[@]} COMPREPLY < <(compgen -d -- "$2") ;;
    command)
      if [[ $2 == */* || $3 != first ]]; then __corral_offer files "$2"; else __corral_programs "$2"; fi ;;
    verbs) COMPREPLY+=($(compgen -W "$__corral_verbs" -- "$2")) ;;
    ${NAME_KINDS.join('|')}) __corral_names "$kind"; COMPREPLY+=($(compgen -W "\${names[*]}" -- "$2")) ;;
    copy)
      [[ $2 == *:* ]] && return
      __corral_names containers
      COMPREPLY+=($(compgen -W "\${names[*]/%/:}" -- "$2"))
      [[ \${#COMPREPLY[@]} -gt 0 ]] && compopt -o nospace
      __corral_offer files "$2" ;;
  esac
}

_corral() {
  local words cur verb= flags= value= operands=() index word wanted= count=0 dashes= first __corral_state=
  # bash's own words end at = and :, which flags and names hold.
  read -ra words <<< "\${COMP_LINE:0:COMP_POINT}"
  [[ \${COMP_LINE:0:COMP_POINT} == *[[:space:]] ]] && words+=('')
  cur=\${words[\${#words[@]} - 1]}
  __corral_verb '' ''
  for ((index = 1; index < \${#words[@]} - 1; index++)); do
    word=\${words[index]}
    if [[ $wanted != '' ]]; then
      [[ $wanted == --state-dir ]] && __corral_state=$word
      wanted=
    elif [[ $word == -- && $verb != '' ]]; then dashes=1
    elif [[ $word == --state-dir=* && $dashes == '' ]]; then __corral_state=\${word#*=}
    elif [[ $word == -* && $dashes == '' ]]; then
      __corral_verb "$verb" "$word"
      [[ $value != '' && $word != *=* ]] && wanted=$word
    elif [[ $verb == '' ]]; then
      verb=$word
      __corral_verb "$verb" '' || return 0
    else
      # What stands after a command's name is the command's.
      [[ \${operands[count]-} == command* ]] && dashes=1
      [[ $count -lt $((\${#operands[@]} - 1)) || \${operands[count]-} == command* ]] && first=later
      [[ $count -lt $((\${#operands[@]} - 1)) ]] && { count=$((count + 1)); first=; }
    fi
  done
  COMPREPLY=()
  if [[ $wanted != '' ]]; then
    __corral_verb "$verb" "$wanted"
    __corral_offer "$value" "$cur"
  elif [[ $cur == --*=* && $dashes == '' ]]; then
    __corral_verb "$verb" "\${cur%%=*}"
    [[ $value != '' ]] && __corral_offer "$value" "\${cur#*=}"
    COMPREPLY=("\${COMPREPLY[@]/#/\${cur%%=*}=}")
  elif [[ $cur == -* && $dashes == '' ]]; then
    COMPREPLY=($(compgen -W "$flags" -- "$cur"))
  elif [[ \${#operands[@]} -gt 0 ]]; then
    __corral_offer "\${operands[count]}" "$cur" "\${first:-first}"
  fi
  # bash puts what is offered in place of what follows the last = or :.
  local breaks prefix=
  for breaks in = :; do
    [[ $COMP_WORDBREAKS == *$breaks* && $cur == *$breaks* && \${#prefix} -lt \${#cur} ]] || continue
    word=\${cur%"\${cur##*$breaks}"}
    [[ \${#word} -gt \${#prefix} ]] && prefix=$word
  done
  for index in "\${!COMPREPLY[@]}"; do
    word=\${COMPREPLY[index]}
    # What ends in = goes on at once: label=KEY.
    [[ $word == *= ]] && compopt -o nospace
    COMPREPLY[index]=\${word#"$prefix"}
  done
}
`;
