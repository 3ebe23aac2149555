# Whether JupyterLab listens on the pod's address ($POD_IP) and port $1; at once yes without one.
# Builtins only: an image need not have more than the shell.
command -v jupyter-lab >/dev/null 2>&1 || exit 0
table=/proc/net/tcp
case "$POD_IP" in *:*) table=/proc/net/tcp6 ;; esac
[ -r "$table" ] || exit 0

# Of a line such as "0: 0201007F:22B8 00000000:0000 0A ..." the address is a number of 32 bits in
# the order of the machine, and 0A says that it listens. Those that listen come first.
while read -r _ local _ state _; do
    case "$state" in st) continue ;; 0A) ;; *) break ;; esac
    [ "$((0x${local##*:}))" -eq "$1" ] || continue
    address="${local%:*}"
    case "$address" in
        ????????) ;;
        *) exit 0 ;;
    esac
    d="${address#??????}" c="${address#????}" b="${address#??}"
    a="${address%??????}" b="${b%????}" c="${c%??}"
    a="$((0x$a))" b="$((0x$b))" c="$((0x$c))" d="$((0x$d))"
    case "$POD_IP" in "$d.$c.$b.$a" | "$a.$b.$c.$d") exit 0 ;; esac
done <"$table"
echo "JupyterLab does not listen on $POD_IP yet."
exit 1
