// The completion script for fish.
import { argumentBranches, type Branch, splitOptions, valueBranches } from './cases.ts';
import type { OptionSpec, VerbSpec } from './spec.ts';

/** Patterns of fish take a star within quotes. */
const fishBranch: Branch = (patterns, body) =>
  `        case ${patterns.map((pattern) => `'${pattern}'`).join(' ')}
            ${body}`;

/** For ~/.config/fish/completions/holdfast.fish; works with fish 3.1 and newer. */
export function fishScript(spec: readonly VerbSpec[]): string {
  const verbs = spec
    .filter((verb) => verb.verbs.length > 0)
    .map((verb) => fishBranch([verb.path], printed(verb.verbs)));
  const split = splitOptions(spec);
  const options = split.verbs.map(({ path, own, hasCommon }) => {
    const lines = [printed(namesOf(own)), ...(hasCommon ? ['__holdfast_common'] : [])];
    return fishBranch([path], lines.join('\n            '));
  });
  return `# Completion of holdfast for fish. Made by \`holdfast completion fish\`.
function __holdfast_common
    ${printed(namesOf(split.common))}
end
function __holdfast_verbs
    switch "$argv[1]"
${verbs.join('\n')}
    end
end
function __holdfast_options
    switch "$argv[1]"
${options.join('\n')}
    end
end
function __holdfast_values
    switch "$argv[1] $argv[2]"
${valueBranches(spec, fishBranch).join('\n')}
    end
end
function __holdfast_arguments
    switch "$argv[1] $argv[2]"
${argumentBranches(spec, fishBranch).join('\n')}
    end
end
${FISH_WALK}`;
}

function namesOf(options: readonly OptionSpec[]) {
  return options.flatMap(({ flags, about }) => flags.map((name) => ({ name, about })));
}

/** A line each, with what it is behind a tab. */
function printed(words: readonly { readonly name: string; readonly about: string }[]): string {
  if (words.length === 0) return 'true';
  return `printf '%s\\t%s\\n' ${words.map(({ name, about }) => `'${name}' '${about}'`).join(' ')}`;
}

const FISH_WALK = `function __holdfast_show
    set -l kind (string split ' ' -- $argv[1])
    switch "$kind[1]"
        case words
            for word in $kind[2..-1]
                echo $argv[3]$word
            end
        case ask
            set -l words (commandline -opc)
            set -e words[1]
            for line in (holdfast __complete $kind[2] -- $words $argv[3]$argv[2] 2>/dev/null)
                echo $argv[3]$line
            end
        case file
            __fish_complete_path $argv[2]
        case directory
            __fish_complete_directories $argv[2]
    end
end
function __holdfast_complete
    set -l words (commandline -opc)
    set -l cur (commandline -ct)
    set -e words[1]
    set -l path ''
    set -l position 0
    set -l kind ''
    for word in $words
        if test -n "$kind"
            set kind ''
        else if string match -q -- '--*=*' $word
            continue
        else if string match -q -- '-*' $word
            set kind (__holdfast_values "$path" $word)
        else if contains -- $word (__holdfast_verbs "$path" | string replace -r '\\t.*' '')
            set path (string trim -- "$path $word")
            set position 0
        else
            set position (math $position + 1)
        end
    end
    if test -n "$kind"
        __holdfast_show "$kind" "$cur" ''
    else if string match -q -- '--*=*' $cur
        set -l parts (string split -m 1 = -- $cur)
        __holdfast_show (__holdfast_values "$path" $parts[1]) "$parts[2]" "$parts[1]="
    else if string match -q -- '-*' $cur
        __holdfast_options "$path"
    else
        if test $position -eq 0
            __holdfast_verbs "$path"
        end
        set kind (__holdfast_arguments "$path" $position)
        __holdfast_show "$kind" "$cur" ''
    end
end
complete -c holdfast -f -a '(__holdfast_complete)'
`;
