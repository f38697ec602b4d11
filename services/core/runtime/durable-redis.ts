/** How a Redis must run so that it forgets nothing that it has answered, and evicts nothing. Pure: charts read it, too. */
export const durableSettings: readonly (readonly [setting: string, value: string])[] = [
  ['appendonly', 'yes'],
  // `everysec` loses up to a second of writes on a power cut, and some on a plain kill when the disk is slow.
  ['appendfsync', 'always'],
  ['no-appendfsync-on-rewrite', 'no'],
  // See below: what Redis cuts off by itself is not all that has to go.
  ['aof-load-truncated', 'no'],
  ['maxmemory-policy', 'noeviction'],
];

/**
 * `sh -c <this> redis <redis-server> <its configuration> <its data folder> <a socket of its own>` becomes that Redis,
 * on a file that ends with a whole script.
 *
 * The writes of a script stand between MULTI and EXEC, and a crash may leave the first part of them. Redis cuts the
 * command that is not whole, but leaves those before it, under their MULTI: not done by this start, they are done by the
 * next one, as half a script, and take what follows with them (valkey-io/valkey#4342). Loaded a second time before
 * anybody writes, the file loses them as well. One that is broken elsewhere is refused, as ever.
 */
export const startDurableRedis = `set -eu
server=$1 conf=$2 folder=$3 socket=$4
manifest=$folder/appendonlydir/appendonly.aof.manifest

# Its output is not what whoever waits for Redis is to read, and nobody else finds its socket.
load() {
  "$server" "$conf" --port 0 --unixsocket "$socket" --aclfile '' --aof-load-truncated yes >&2 &
  until [ "$("\${server%server}cli" -s "$socket" ping 2>/dev/null)" = PONG ]; do
    kill -0 $! 2>/dev/null || exit 1
    sleep 0.05
  done
  kill $!
  wait
}

if [ -e "$manifest" ] && ! "\${server%server}check-aof" "$manifest" >/dev/null 2>&1; then
  echo 'the append-only file does not end with a whole write: what is left of it is cut off' >&2
  load
  load
fi
exec "$server" "$conf"
`;
