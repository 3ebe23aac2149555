# The program of an instance: JupyterLab with the arguments, or a container that can be entered.
if command -v jupyter-lab >/dev/null 2>&1; then
    exec jupyter-lab "$@"
fi
echo 'This image has no jupyter-lab: the instance can be entered by Terminal, IDE and SSH.'

# The first process of a container gets no signal that it does not handle.
trap 'exit 0' HUP INT TERM
while sleep 86400 & wait "$!"; do :; done
echo 'This image has no program called sleep: choose start "image".' >&2
exit 1
