// The completion script for bash.
import { argumentBranches, posixBranch, splitOptions, valueBranches } from './cases.ts';
import type { OptionSpec, VerbSpec } from './spec.ts';

/** Works with bash 4.4 and newer, without the package bash-completion. */
export function bashScript(spec: readonly VerbSpec[]): string {
  const verbs = spec
    .filter((verb) => verb.verbs.length > 0)
    .map((verb) =>
      posixBranch([verb.path], `echo '${verb.verbs.map(({ name }) => name).join(' ')}'`),
    );
  const split = splitOptions(spec);
  const options = split.verbs.map(({ path, own, hasCommon }) =>
    posixBranch([path], `echo '${flagsOf(own)}'${hasCommon ? '" $_holdfast_common"' : ''}`),
  );
  return `# Completion of holdfast for bash. Made by \`holdfast completion bash\`.
_holdfast_common='${flagsOf(split.common)}'
_holdfast_verbs() {
  case "$1" in
${verbs.join('\n')}
  esac
}
_holdfast_options() {
  case "$1" in
${options.join('\n')}
  esac
}
_holdfast_values() {
  case "$1 $2" in
${valueBranches(spec, posixBranch).join('\n')}
  esac
}
_holdfast_arguments() {
  case "$1 $2" in
${argumentBranches(spec, posixBranch).join('\n')}
  esac
}
${BASH_WALK}`;
}

function flagsOf(options: readonly OptionSpec[]): string {
  return options.flatMap(({ flags }) => flags).join(' ');
}

/** Words are compared one by one: compgen -W would expand what is in them. */
const BASH_WALK = `_holdfast() {
  local IFS=$' \\t\\n' cur prev word path='' position=0 skip='' i kind='' words=''
  cur=\${COMP_WORDS[COMP_CWORD]}
  prev=\${COMP_WORDS[COMP_CWORD-1]}
  # bash takes --option=value apart.
  if [[ $cur == '=' ]]; then cur=''; elif [[ $prev == '=' ]]; then prev=\${COMP_WORDS[COMP_CWORD-2]}; fi
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=\${COMP_WORDS[i]}
    if [[ $word == '=' ]]; then continue; fi
    if [[ -n $skip ]]; then skip=''; continue; fi
    if [[ $word == -* ]]; then skip=$(_holdfast_values "$path" "$word"); continue; fi
    if [[ " $(_holdfast_verbs "$path") " == *" $word "* ]]; then path="\${path:+$path }$word"; position=0
    else position=$((position + 1)); fi
  done
  COMPREPLY=()
  if [[ $prev == -* ]]; then kind=$(_holdfast_values "$path" "$prev"); fi
  if [[ -z $kind && $cur == -* ]]; then kind="words $(_holdfast_options "$path")"; fi
  if [[ -z $kind ]]; then
    if ((position == 0)); then words=$(_holdfast_verbs "$path"); fi
    kind=$(_holdfast_arguments "$path" "$position")
  fi
  case $kind in
    'words '*) words="$words \${kind#words }" ;;
    'ask '*) words="$words $(holdfast __complete "\${kind#ask }" -- "\${COMP_WORDS[@]:1}" 2>/dev/null | cut -f1)" ;;
    file) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
    directory) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -d -- "$cur") ;;
  esac
  for word in $words; do
    if [[ $word == "$cur"* ]]; then COMPREPLY+=("$word"); fi
  done
}
complete -F _holdfast holdfast
`;
