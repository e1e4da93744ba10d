import type { CliCommand } from './cli-command.ts';

/** Help lines have options and their values in so many columns. */
const OPTION_COLUMNS = 24;

const HELPERS = `# Completion for twinreg in bash, made by: twinreg completion bash

_twinreg_words() {
  mapfile -t COMPREPLY < <(compgen -W "$1" -- "$cur")
}

_twinreg_files() {
  compopt -o filenames 2>/dev/null
  case $1 in
    yaml) mapfile -t COMPREPLY < <(compgen -d -- "$cur"; compgen -f -X '!*.yaml' -- "$cur"; compgen -f -X '!*.yml' -- "$cur") ;;
    folder) mapfile -t COMPREPLY < <(compgen -d -- "$cur") ;;
    *) mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
  esac
}

_twinreg_mi() {
  _twinreg_words "$("\${COMP_WORDS[0]}" mi which --json "\${daemon[@]}" 2>/dev/null </dev/null | tr -d '[]"' | tr ',' ' ')"
}`;

/**
 * A script that completes the commands, their options as their help has them, configuration files, and the names of
 * management commands, for which it asks the daemon that the words so far mean; without one there are none.
 */
export function bashCompletion(commands: readonly CliCommand[]): string {
  return `${HELPERS}

${mainFunction(commands)}

_twinreg_options() {
  case "\${found[*]} " in
${commands.map(optionsCase).join('\n')}
  esac
}

_twinreg_arguments() {
  case "\${found[*]}" in
    mi) _twinreg_mi ;;
${commands.flatMap(argumentCase).join('\n')}
  esac
}

complete -F _twinreg twinreg
`;
}

/** Finds the words of the command and the options that say which daemon is meant, and what may come next. */
function mainFunction(commands: readonly CliCommand[]): string {
  const firstWords = [...new Set(commands.map(({ name }) => firstWord(name))), 'help'];
  const families = new Set(commands.filter(({ name }) => name.includes(' ')).map(({ name }) => firstWord(name)));
  return `_twinreg() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD - 1]}
  local -a found=() daemon=()
  local at word options=yes help=no
  COMPREPLY=()
  for ((at = 1; at < COMP_CWORD; at++)); do
    word=\${COMP_WORDS[at]}
    case $word in
      -f | --config | --data | --socket)
        daemon+=("$word" "\${COMP_WORDS[at + 1]}")
        at=$((at + 1)) ;;
      ${valueOptions(commands).join(' | ')}) at=$((at + 1)) ;;
      --) options=no ;;
      -*) ;;
      *) found+=("$word") ;;
    esac
  done
  if [[ $at -le $COMP_CWORD && $options = yes ]]; then
    [[ $cur = -* ]] && { _twinreg_options; return; }
  elif [[ $at -gt $COMP_CWORD ]]; then
    case $prev in
      -f | --config) _twinreg_files yaml ;;
      --data) _twinreg_files folder ;;
      --socket | --keepalived) _twinreg_files any ;;
    esac
    return
  fi
  if [[ \${found[0]} = help ]]; then found=("\${found[@]:1}"); help=yes; fi
  case "\${#found[@]} \${found[*]}" in
    '0 ') _twinreg_words '${firstWords.join(' ')}' ;;
${[...families].map((family) => familyCase(family, commands)).join('\n')}
    *) [[ $help = yes ]] || _twinreg_arguments ;;
  esac
}`;
}

function firstWord(name: string): string {
  return name.split(' ', 1).join('');
}

/** Options that have a value, but for those that say which daemon is meant. */
function valueOptions(commands: readonly CliCommand[]): readonly string[] {
  const all = commands.flatMap(({ help }) =>
    help.flatMap((line) => [...line.slice(0, OPTION_COLUMNS).matchAll(/(--?[a-z][a-z-]*) ["A-Z]/g)]),
  );
  const names = new Set(all.map(([, option = '']) => option));
  return [...names].filter((name) => !['-f', '--config', '--data', '--socket'].includes(name));
}

function familyCase(family: string, commands: readonly CliCommand[]): string {
  const seconds = commands.filter(({ name }) => name.startsWith(`${family} `)).map(({ name }) => name.split(' ')[1]);
  return `    '1 ${family}') _twinreg_words '${seconds.join(' ')}' ;;`;
}

function optionsCase({ name, help }: CliCommand): string {
  const lines = help.map((line) => line.slice(0, OPTION_COLUMNS));
  const options = lines.flatMap((line) => [...line.matchAll(/--[a-z][a-z-]*/g)].map(([option]) => option));
  return `    '${name} '*) _twinreg_words '${[...options, '--help'].join(' ')}' ;;`;
}

function argumentCase({ name, words, usage }: CliCommand): readonly string[] {
  if (words !== undefined) return [`    '${name}') _twinreg_words '${words.join(' ')}' ;;`];
  return usage.endsWith(' FILE') ? [`    '${name}') _twinreg_files any ;;`] : [];
}
