#!/bin/sh
# keepalived calls this whenever the node gets the address or gives it up; it tells the daemon with nh_enable_ping who is to ping, and
# leaves the state in the file `keepalived` of the data folder, where the daemon sees that it gets no address (FAULT, STOP).
#
#   notify.sh INSTANCE|GROUP NAME MASTER|BACKUP|FAULT|STOP [PRIORITY]
#
# The files are written first, for a daemon that does not run, and then the daemon is told, again and again while it starts or
# hangs. keepalived does not wait for one call before it makes the next, so several of these may run at a time, and start
# in another order than they were called in. The lock file therefore holds the order of the youngest of them, and every attempt of each
# one sends that: an old 1 cannot overtake a younger 0. (The role file cannot hold it: the daemon writes it too, and may be
# late.) What is said twice changes nothing. The state is written by the youngest alone, once it holds the lock.
#
# TWINREG_DATA: the data folder of the daemon, /var/lib/twinreg unless it says otherwise.
# TWINREG_MI: where its management is, http://127.0.0.1:8888/mi unless it says otherwise (mi.http).
# TWINREG_TOKEN_FILE: a file with the token that it asks for there, if it does (mi.http_token_file).
# Exit codes: 0 the daemon knows; 1 it could not be told, or a file not be written; 2 wrong arguments.
set -u

data=${TWINREG_DATA:-/var/lib/twinreg}
mi=${TWINREG_MI:-http://127.0.0.1:8888/mi}
token_file=${TWINREG_TOKEN_FILE:-}
lock=$data/role.lock

say() { # level, sentence
  echo "notify.sh: $2" >&2
  logger -t twinreg-notify -p "daemon.$1" -- "$2" 2>/dev/null || true
}

case ${3:-} in
  MASTER) order=1 ;;
  BACKUP | FAULT | STOP | DELETED) order=0 ;;
  *)
    say err "wrong arguments: '$*'; keepalived calls it with INSTANCE or GROUP, a name, MASTER, BACKUP, FAULT or STOP, and a priority"
    exit 2
    ;;
esac
state=$3

# Seconds. A daemon with a large table starts in less than 30.
limit=30
if [ "$state" = STOP ] || [ "$state" = DELETED ]; then
  # keepalived is ending and takes its scripts along; what there is to say is short. A daemon that does not run reads the role file.
  trap '' TERM
  limit=5
fi

# The monotonic clock, in seconds, into `now`.
look_at_clock() {
  read -r now _ </proc/uptime
  now=${now%%.*}
}

# Clock ticks from the start of the machine to that of this script, into `born`: the 20th word after the name.
look_at_birth() {
  read -r stat <"/proc/$$/stat"
  # shellcheck disable=SC2086 # into its words
  set -- ${stat##*) }
  born=${20}
}
read -r boot </proc/sys/kernel/random/boot_id
look_at_birth

umask 027
is_root=
[ "$(id -u)" -ne 0 ] || is_root=yes

# Files that root makes would be closed to the daemon.
for_daemon() { [ -z "$is_root" ] || chown --reference="$data" "$1"; }

# With the lock: the file of this name holds the word. One that does already stays as old as it is.
put() { # name, word
  stored=
  [ ! -e "$data/$1" ] || read -r stored _ <"$data/$1"
  [ "$stored" != "$2" ] || return 0
  # Another name than the daemon's own new file has.
  echo "$2" >"$data/$1.notify" && for_daemon "$data/$1.notify" && mv -f "$data/$1.notify" "$data/$1"
}

# With the lock: `order` becomes that of the youngest script, and the files hold what it has to say. False when they cannot be written.
agree() {
  read -r their_boot their_born their_pid theirs <"$lock" || their_boot=
  if [ "$their_boot" = "$boot" ] && { [ "$their_born" -gt "$born" ] || { [ "$their_born" -eq "$born" ] && [ "$their_pid" -gt $$ ]; }; }; then
    order=$theirs
    is_youngest=
  else
    is_youngest=yes
    if [ "$their_pid" != "$$" ] || [ "$their_boot" != "$boot" ]; then echo "$boot $born $$ $order" >"$lock" || return 1; fi
  fi
  word=passive
  [ "$order" = 0 ] || word=active
  put role "$word" || return 1
  [ -z "$is_youngest" ] || put keepalived "$state"
}

# What curl reads as its configuration, so that no list of processes shows the token.
token_header() {
  [ -z "$token_file" ] || sed -n '/[^[:space:]]/ { s/[[:space:]]//g; s/["\\]/\\&/g; s/.*/header = "Authorization: Bearer &"/p; q; }' "$token_file"
}

# 0 told; 1 try again; the reason in `answer`.
tell() {
  answer=$(token_header | curl -q -K - --noproxy '*' -sS --max-time 2 -H 'Content-Type: application/json' \
    -d "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"nh_enable_ping\",\"params\":[$order]}" "$mi" 2>&1) || return 1
  case $answer in
    # With natping_interval 0 the command is an error, as in OpenSIPS, and the role is set all the same.
    *'"result"'* | *'NATping disabled'*) return 0 ;;
    *) return 1 ;;
  esac
}

exit_code=0
if (: >>"$lock") 2>/dev/null; then
  for_daemon "$lock"
  exec 9<>"$lock"
  is_locked=yes
else
  say err "$lock cannot be written: the daemon is told, but would not find its role after a restart; does the data folder exist (TWINREG_DATA), and may $(id -un) write there?"
  is_locked=
  exit_code=1
fi

look_at_clock
give_up=$((now + limit))
is_first=yes
while :; do
  if [ -n "$is_locked" ]; then
    # Held until the daemon has answered: between reading the order and sending it no other one may be sent.
    flock -w "$limit" 9
    if ! agree; then
      [ "$exit_code" = 1 ] || say err "$data/role or $data/keepalived cannot be written: after a restart the daemon would have another role, or it does not see that keepalived gives it no address"
      exit_code=1
    fi
  fi
  tell && break
  [ -z "$is_locked" ] || flock -u 9
  [ -z "$is_first" ] || say warning "$state: the daemon could not be told yet (nh_enable_ping $order at $mi): $answer"
  is_first=
  look_at_clock
  if [ "$now" -ge "$give_up" ]; then
    say err "$state: the daemon was not told within $limit s (nh_enable_ping $order at $mi): $answer; it reads the role file at its start, and 'twinreg ping on' or 'off' tells it by hand"
    exit 1
  fi
  sleep 0.2
done
say notice "$state: nh_enable_ping $order"
exit "$exit_code"
