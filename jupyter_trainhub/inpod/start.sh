# The program of an instance: JupyterLab with the arguments, or a container that can be entered.
#
# The first process of a container gets no signal that it does not handle, and Python handles none
# in its first seconds. So this shell stays the first one: it passes on that the end has come, and
# takes care of processes whose parents are gone.

# When it started and what it held then, by which it can be saved as an image (rootfs_diff.py).
# Builtins only until the marker is made, before anything else writes a file. The time since the
# machine started will tell whether its clock was set back. The rest would slow down the start of
# JupyterLab, before which there is nobody who deletes anything.
if [ -d /trainhub-start ] && read -r uptime _ </proc/uptime; then
    echo "$uptime" >/trainhub-start/started
    if command -v python3 >/dev/null 2>&1; then
        {
            sleep 5
            exec python3 -I -S /trainhub/rootfs_diff.py names /trainhub-start
        } </dev/null >/trainhub-start/names.log 2>&1 &
    fi
fi

if command -v jupyter-lab >/dev/null 2>&1; then
    trap 'told=1; kill -TERM "$!" 2>/dev/null || exit 143' HUP INT QUIT TERM
    jupyter-lab "$@" &
    told=1
    # A signal ends `wait` before the server has ended.
    while [ -n "$told" ]; do
        told=
        wait "$!"
        code=$?
    done
    exit "$code"
fi
echo 'This image has no jupyter-lab: the instance can be entered by Terminal, IDE and SSH.'

trap 'exit 0' HUP INT TERM
while sleep 86400 & wait "$!"; do :; done
echo 'This image has no program called sleep: choose start "image".' >&2
exit 1
