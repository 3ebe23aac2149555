# What this container can be entered by: a line "name path" for each thing that is found.
# Builtins only: an image need not have more than the shell.
first() {
    name=$1
    shift
    for program in "$@"; do
        found=$(command -v -- "$program" 2>/dev/null) || continue
        case "$found" in /*) echo "$name $found" && return ;; esac
    done
}
first lab jupyter-lab
first ide code-server /usr/lib/code-server/bin/code-server openvscode-server \
    /home/.openvscode-server/bin/openvscode-server /opt/openvscode-server/bin/openvscode-server
first shell "${SHELL:-bash}" bash zsh ash sh
first python python3 python
first sftp /usr/lib/openssh/sftp-server /usr/libexec/openssh/sftp-server \
    /usr/lib/ssh/sftp-server /usr/libexec/sftp-server sftp-server
first sshd sshd /usr/sbin/sshd /usr/local/sbin/sshd
