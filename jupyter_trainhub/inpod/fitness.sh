# What this image has of what instances, SSH and MPI need: a line "name=value" for each thing found.
# $1 is the root of the file system, empty but in tests. Little more than builtins: an image need not
# have more than the shell. Nothing of it uses the network, and all of it takes less than a second.
root=${1-}

# found NAME PROGRAM...: the path of the first program that there is.
found() {
    name=$1
    shift
    for program in "$@"; do
        path=$(command -v -- "$program" 2>/dev/null) || continue
        case $path in /*) echo "$name=$path" && return ;; esac
    done
    return 1
}

found shell bash zsh ash sh
found ssh ssh
found pdsh pdsh
for name in apt-get microdnf dnf yum apk zypper conda mamba micromamba; do
    command -v "$name" >/dev/null 2>&1 && echo "manager=$name" && break
done

# The shell reads its own entry here, so that no program is needed.
while read -r name uid _; do
    [ "$name" = Uid: ] && break
done <"$root/proc/self/status"
echo "uid=$uid"
if [ -r "$root/etc/passwd" ]; then
    while IFS=: read -r name _ id _; do
        [ "$id" = "$uid" ] && echo "user=$name" && break
    done <"$root/etc/passwd"
fi

if found sudo sudo && [ "$uid" != 0 ]; then
    error=$(sudo -n true 2>&1 </dev/null) && echo sudo_works=yes || echo "sudo_error=${error%%
*}"
fi

# sshd_config FILE DEPTH: its settings, in the order in which sshd reads them; of each the first one
# counts. Its own `sshd -T` wants host keys, which an image has not. Conditional blocks are left out;
# one that begins in an included file ends with it. Called in subshells, for it calls itself.
sshd_config() {
    if ! [ -r "$1" ]; then
        [ -e "$1" ] && echo "sshd_unreadable=$1"
        return
    fi
    while IFS='	 =' read -r key value || [ -n "$key" ]; do
        case $key in
            '' | '#'*) ;;
            [Mm][Aa][Tt][Cc][Hh]) return ;;
            [Ii][Nn][Cc][Ll][Uu][Dd][Ee])
                [ "$2" -lt 16 ] || continue
                for pattern in $value; do
                    pattern=${pattern#\"}
                    pattern=${pattern%\"}
                    case $pattern in
                        /*) pattern=$root$pattern ;;
                        *) pattern=${file%/*}/$pattern ;;
                    esac
                    # A pattern of folders or files; one that matches nothing stays as it is.
                    for included in $pattern; do
                        (sshd_config "$included" $(($2 + 1)))
                    done
                done
                ;;
            *) echo "sshd_option=$1 $key $value" ;;
        esac
    done <"$1"
}

if found sshd sshd "$root/usr/sbin/sshd" "$root/usr/local/sbin/sshd" "$root/opt/conda/bin/sshd"; then
    for file in "$root/etc/ssh/sshd_config" "$root/usr/etc/ssh/sshd_config" \
        "$root/usr/local/etc/sshd_config"; do
        [ -e "$file" ] || continue
        (sshd_config "$file" 0)
        break
    done
fi

if found mpirun mpirun "$root/usr/lib64/openmpi/bin/mpirun" "$root/opt/openmpi/bin/mpirun" \
    "$root/usr/local/mpi/bin/mpirun"; then
    mpi=$("$path" --version 2>/dev/null </dev/null)
    echo "mpi_version=${mpi%%
*}"
fi

if found nvcc nvcc "$root/usr/local/cuda/bin/nvcc"; then
    while IFS= read -r line; do
        case $line in *', V'*) echo "nvcc_version=${line##*, V}" ;; esac
    done <<END
$("$path" --version 2>/dev/null </dev/null)
END
fi
# {"cuda": {"name": "CUDA SDK", "version": "12.4.1"}, …}, a line for each.
if [ -r "$root/usr/local/cuda/version.json" ]; then
    part=
    while IFS= read -r line; do
        case $line in
            *'"cuda"'*) part=cuda ;;
            *'"version"'*)
                if [ -n "$part" ]; then
                    line=${line%\"*}
                    echo "cuda_version=${line##*\"}"
                    break
                fi
                ;;
        esac
    done <"$root/usr/local/cuda/version.json"
elif [ -n "${CUDA_VERSION-}" ]; then
    echo "cuda_version=$CUDA_VERSION"
fi

for folder in /usr/lib/x86_64-linux-gnu /usr/lib/aarch64-linux-gnu /usr/lib64 /usr/local/lib \
    /usr/local/cuda/lib64 /opt/conda/lib; do
    for library in "$root$folder"/libnccl.so.*.*.*; do
        [ -e "$library" ] && echo "nccl_version=${library##*/libnccl.so.}"
    done
done
for folder in /usr/include /usr/local/include /usr/local/cuda/include /opt/conda/include; do
    [ -r "$root$folder/nccl.h" ] || continue
    version=
    while read -r define name value _; do
        case $define$name in
            '#defineNCCL_MAJOR' | '#defineNCCL_MINOR') version=$version$value. ;;
            '#defineNCCL_PATCH') echo "nccl_version=$version$value" && break ;;
        esac
    done <"$root$folder/nccl.h"
done

# packages INTERPRETER PREFIX: versions of what it could import, by the names of folders: importing
# torch takes seconds. Any Python 3 reads this.
packages() {
    "$1" -c '
import os, re, sys
prefix = sys.argv[1]
wanted = "jupyterlab|ipykernel|jupyter-trainhub|pip|torch|tensorflow|nvidia-nccl-cu[0-9]+"
entry = re.compile(r"([A-Za-z0-9_.-]+?)-([0-9][^-]*)(-py[0-9.]+)?\.(dist|egg)-info$")
seen = set()
print("%spython=%s %s" % (prefix, sys.executable, sys.version.split()[0]))
for folder in sys.path[1:]:
    try:
        names = os.listdir(folder)
    except OSError:
        continue
    for name in names:
        found = entry.match(name)
        if not found:
            continue
        package = re.sub("[-_.]+", "-", found.group(1)).lower()
        if package not in seen and re.match("(%s)$" % wanted, package):
            seen.add(package)
            print("%s%s=%s" % (prefix, package, found.group(2)))
            if package == "torch":
                try:
                    with open(os.path.join(folder, "torch", "version.py")) as file:
                        cuda = re.search(r"^cuda\b[^=]*= *.([0-9.]+)", file.read(), re.M)
                except OSError:
                    cuda = None
                if cuda:
                    print("%storch-cuda=%s" % (prefix, cuda.group(1)))
library = os.path.dirname(os.__file__)
if sys.prefix == getattr(sys, "base_prefix", sys.prefix):
    if os.path.exists(os.path.join(library, "EXTERNALLY-MANAGED")):
        print("%smanaged=yes" % prefix)
' "$2" 2>/dev/null </dev/null
}

python=
if command -v python3 >/dev/null 2>&1; then
    python=$(command -v python3)
    packages "$python" package.
elif command -v python >/dev/null 2>&1; then
    python=$(command -v python)
    packages "$python" package.
fi
if found lab jupyter-lab; then
    # JupyterLab may live in an environment of its own, which the program's first line names.
    IFS= read -r line <"$path"
    case $line in
        '#!'/*python*)
            line=${line#??}
            [ "${line%/*}" = "${python%/*}" ] || packages "${line%% *}" lab.
            ;;
    esac
fi
