/**
 * The part of the scripts for bash and zsh that finds names of containers: by the files that each has, and not by starting corral,
 * which takes longer than a key should. `__corral_state` is the directory that was chosen on the command line, or nothing.
 *
 * The directories are those of src/container/store.ts and src/container/data-directory.ts.
 */
export const FIND_NAMES = `# Where containers are registered while they run, and where they are kept until they are removed.
__corral_directories() {
  state=\${__corral_state:-$CORRAL_STATE_DIR}
  if [[ -n $state ]]; then data=$state/data
  elif [[ $EUID == 0 ]]; then state=/run/corral data=/var/lib/corral
  else
    if [[ $XDG_RUNTIME_DIR == /* ]]; then state=$XDG_RUNTIME_DIR/corral; else state=/tmp/corral-$EUID; fi
    if [[ $XDG_STATE_HOME == /* ]]; then data=$XDG_STATE_HOME/corral
    elif [[ $HOME == /* ]]; then data=$HOME/.local/state/corral
    else data=/var/tmp/corral-$EUID; fi
  fi
}

# Sets names: "containers": of those that run; "known": of all; "kept": of the supervisor's; "held": of those of them that run;
# "ended": of those that do not.
__corral_names() {
  local state data path
  __corral_directories
  names=()
  case $1 in
    containers|known) ;;
    *) __corral_kept_names "$1"; return 0 ;;
  esac
  for path in "$state"/*.state; do
    [[ -e $path ]] || continue
    path=\${path##*/}
    names+=("\${path%.state}")
  done
  [[ $1 == known ]] || return 0
  for path in "$data"/*/record; do
    [[ -e $path ]] || continue
    path=\${path%/record}
    path=\${path##*/}
    [[ " \${names[*]} " == *" $path "* ]] || names+=("$path")
  done
}

__corral_kept_names() {
  local path up
  for path in "$data"/*/record; do
    [[ -e $path ]] || continue
    path=\${path%/record}
    path=\${path##*/}
    if [[ -e $state/$path.state ]]; then up=held; else up=ended; fi
    [[ $1 == kept || $1 == $up ]] && names+=("$path")
  done
}
`;
