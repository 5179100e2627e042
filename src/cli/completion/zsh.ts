// The completion script for zsh.
import { argumentBranches, posixBranch, splitOptions, valueBranches } from './cases.ts';
import type { OptionSpec, VerbSpec } from './spec.ts';

/** A file `_holdfast` in a directory of fpath, or something to be sourced after compinit. */
export function zshScript(spec: readonly VerbSpec[]): string {
  const verbs = spec
    .filter((verb) => verb.verbs.length > 0)
    .map((verb) => posixBranch([verb.path], `reply=(${described(verb.verbs)})`));
  const split = splitOptions(spec);
  const options = split.verbs.map(({ path, own, hasCommon }) =>
    posixBranch(
      [path],
      `reply=(${described(namesOf(own))}${hasCommon ? ' $_holdfast_common' : ''})`,
    ),
  );
  return `#compdef holdfast
# Completion of holdfast for zsh. Made by \`holdfast completion zsh\`.
typeset -ga _holdfast_common=(${described(namesOf(split.common))})
_holdfast_verbs() {
  reply=()
  case "$1" in
${verbs.join('\n')}
  esac
}
_holdfast_options() {
  reply=()
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
${ZSH_WALK}`;
}

function namesOf(options: readonly OptionSpec[]) {
  return options.flatMap(({ flags, about }) => flags.map((name) => ({ name, about })));
}

function described(words: readonly { readonly name: string; readonly about: string }[]): string {
  return words.map(({ name, about }) => `'${name}:${about}'`).join(' ');
}

const ZSH_WALK = `_holdfast() {
  emulate -L zsh
  local cur=\${words[CURRENT]} prev=\${words[CURRENT-1]} word at='' skip='' kind='' i
  local -i position=0
  local -a reply found
  for ((i = 2; i < CURRENT; i++)); do
    word=\${words[i]}
    if [[ -n $skip ]]; then skip=''; continue; fi
    if [[ $word == --*=* ]]; then continue; fi
    if [[ $word == -* ]]; then skip=$(_holdfast_values "$at" "$word"); continue; fi
    _holdfast_verbs "$at"
    if (( \${reply[(I)$word:*]} )); then at="\${at:+$at }$word"; position=0
    else position=$((position + 1)); fi
  done
  if [[ $cur == --*=* ]]; then prev=\${cur%%=*}; compset -P '*='; fi
  if [[ $prev == -* ]]; then kind=$(_holdfast_values "$at" "$prev"); fi
  if [[ -z $kind && $cur == -* ]]; then
    _holdfast_options "$at"
    _describe -o option reply
    return
  fi
  if [[ -z $kind ]]; then
    kind=$(_holdfast_arguments "$at" "$position")
    if (( position == 0 )); then
      _holdfast_verbs "$at"
      if (( \${#reply} )); then _describe verb reply; fi
    fi
  fi
  case $kind in
    'words '*) compadd -- \${=kind#words } ;;
    'ask '*)
      found=(\${(f)"$(holdfast __complete "\${kind#ask }" -- "\${(@)words[2,-1]}" 2>/dev/null)"})
      found=(\${found//:/\\\\:})
      found=(\${found//$'\\t'/:})
      if (( \${#found} )); then _describe value found; fi ;;
    file) _files ;;
    directory) _files -/ ;;
  esac
}
if [[ \${funcstack[1]} == _holdfast ]]; then _holdfast "$@"; else compdef _holdfast holdfast; fi
`;
