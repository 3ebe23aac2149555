# Makes folders where they are missing. Four arguments each: the volume's root, the folder below
# it, its owner as USER:GROUP, its mode. What exists is left as it is.
fail() {
    echo "The folder $folder cannot be made: $1" >&2
    exit 1
}

# Steps into $1. A symbolic link would lead elsewhere, perhaps out of the volume. What counts is
# where one has arrived: a link may be put there between a look and a step.
enter() {
    reached="$(pwd -P)"
    CDPATH='' cd -P -- "./$1" 2>/dev/null || fail "$1 is not a folder, or may not be entered."
    [ "$(pwd -P)" = "${reached%/}/$1" ] || fail "$1 is a symbolic link."
}

# Whether this folder is as a new one is; it says so when it is not.
is_empty() {
    for entry in ./* ./.[!.]* ./..?*; do
        if [ -e "$entry" ] || [ -L "$entry" ]; then
            echo 'another folder was put in its place'
            return 1
        fi
    done
}

umask 022
while [ "$#" -ge 4 ]; do
    root="$1" folder="$2" owner="$3" mode="$4"
    shift 4
    cd -P -- "$root" || fail "$root is not there."
    rest="$folder/"
    while [ -n "$rest" ]; do
        part="${rest%%/*}" rest="${rest#*/}"
        case "$part" in
            '' | .) continue ;;
            ..) fail 'its path leads upwards.' ;;
        esac
        if [ -d "./$part" ] || [ -L "./$part" ]; then
            enter "$part"
        elif problem="$(mkdir -- "./$part" 2>&1)"; then
            enter "$part"
            [ -z "$rest" ] || continue
            # Mode before owner: afterwards it is another's folder, and root may not set all bits.
            # Whoever may write the folder above can put another's in its place meanwhile.
            problem="$({
                is_empty && chown 0:0 . && chmod -- "$mode" . && chown -- "$owner" .
            } 2>&1)" && continue
            cd -P .. && rmdir -- "./$part"
            fail "it cannot be given to $owner with mode $mode: $problem"
        elif [ -d "./$part" ]; then
            # Another pod made it at this moment.
            enter "$part"
        else
            fail "$problem. Let the administrator make it, or let root write there."
        fi
    done
done
