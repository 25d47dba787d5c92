# bash completion for songpipe: asks COMMAND --help, so it knows every filter alike.
# SPDX-License-Identifier: GPL-3.0-or-later
#
# `make install` puts the names of the filters in. From a checkout:
#   PATH=$PWD/bin:$PATH; . completions/songpipe.bash

_songpipe()
{
    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} option='' line words=''
    COMPREPLY=()
    # In COMP_WORDS "--a=b" is three words.
    if [[ $cur == = ]]; then
        option=$prev cur=''
    elif [[ $prev == = ]]; then
        option=${COMP_WORDS[COMP_CWORD - 2]}
    elif [[ $prev == -* ]]; then
        option=$prev
    fi
    # Lines of options: "  -k, --keep A,B,...   help", "      --on-error fail|skip|emit".
    while IFS= read -r line; do
        [[ $line =~ ^\ +(-[[:alnum:]],\ )?(--[[:alnum:]-]+)(\ ([^ ]+))? ]] || continue
        local letter=${BASH_REMATCH[1]%, } name=${BASH_REMATCH[2]} value=${BASH_REMATCH[4]}
        words+=" $name"
        if [[ $option && ($option == "$name" || $option == "$letter") && $value ]]; then
            if [[ $value == *'|'* ]]; then
                COMPREPLY=($(compgen -W "${value//|/ }" -- "$cur"))
            elif [[ $value == *FILE* || $value == *DIR* || $value == *PATH* ]]; then
                compopt -o filenames 2>/dev/null
                mapfile -t COMPREPLY < <(compgen -f -- "$cur")
            fi
            return 0
        fi
    done < <("$1" --help 2>/dev/null)
    if [[ $cur == -* ]]; then
        COMPREPLY=($(compgen -W "$words" -- "$cur"))
    else
        compopt -o filenames 2>/dev/null
        mapfile -t COMPREPLY < <(compgen -f -- "$cur")
    fi
}

_songpipe_names='@FILTERS@'
if [[ $_songpipe_names == @* ]]; then
    _songpipe_names=$(cd "$(dirname "${BASH_SOURCE[0]}")/../bin" 2>/dev/null && echo *)
fi
complete -F _songpipe $_songpipe_names
unset _songpipe_names
