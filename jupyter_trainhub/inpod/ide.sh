# Starts the IDE $1 at port $2 of the pod's address, below the path $3, and prints its process id.
# It outlives this script and writes to the file $4. Standard input is one line: what its session
# cookie has to hold.
program=$1 port=$2 prefix=$3 log=$4
IFS= read -r cookie
# The token and the log are private, what is written in the IDE is as the container has it.
mask=$(umask)
umask 077
: >"$log"
folder=$PWD
case "$program" in
    */openvscode-server)
        printf %s "$cookie" >"$log.token"
        set -- --host "$POD_IP" --port "$port" --server-base-path "$prefix" \
            --connection-token-file "$log.token" --accept-server-license-terms \
            --telemetry-level off --default-folder "$folder"
        ;;
    *)
        # The folder is the user's own, as is the container: there is nobody else to trust.
        # The cookie is that of its older way to check a password, by SHA-256. Its own configuration
        # file may name another address, certificate or password, so that it gets an empty one.
        HASHED_PASSWORD=$cookie
        export HASHED_PASSWORD
        unset CODE_SERVER_COOKIE_SUFFIX CODE_SERVER_CONFIG
        set -- --config /dev/null --auth password --host "$POD_IP" --port "$port" \
            --disable-telemetry --disable-update-check --disable-workspace-trust \
            --ignore-last-opened "$folder"
        ;;
esac
umask "$mask"
# A session of its own, where that can be had, gets no signal meant for this script.
if command -v setsid >/dev/null 2>&1; then
    setsid "$program" "$@" </dev/null >"$log" 2>&1 &
else
    trap '' HUP
    "$program" "$@" </dev/null >"$log" 2>&1 &
fi
echo "$!"
