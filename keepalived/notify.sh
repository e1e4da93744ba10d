#!/bin/sh
# keepalived calls this whenever the node gets the address or gives it up; it tells the daemon with nh_enable_ping who is to ping.
#
#   notify.sh INSTANCE|GROUP NAME MASTER|BACKUP|FAULT|STOP [PRIORITY]
#
# The role file is written first, for a daemon that does not run, and then the daemon is told, again and again while it starts or
# hangs. keepalived does not wait for one call before it makes the next, so several of these may run at a time, and start
# in another order than they were called in. The lock file therefore holds the order of the youngest of them, and every attempt of each
# one sends that: an old 1 cannot overtake a younger 0. (The role file cannot hold it: the daemon writes it too, and may be
# late.) What is said twice changes nothing.
#
# TWINREG_DATA: the data folder of the daemon, /var/lib/twinreg unless it says otherwise.
# TWINREG_MI: where its management is, http://127.0.0.1:8888/mi unless it says otherwise (mi.http).
# Exit codes: 0 the daemon knows; 1 it could not be told, or the role file not be written; 2 wrong arguments.
set -u

data=${TWINREG_DATA:-/var/lib/twinreg}
mi=${TWINREG_MI:-http://127.0.0.1:8888/mi}
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

# With the lock: `order` becomes that of the youngest script, and the files hold it. False when they cannot be written.
agree() {
  read -r their_boot their_born their_pid theirs <"$lock" || their_boot=
  if [ "$their_boot" = "$boot" ] && { [ "$their_born" -gt "$born" ] || { [ "$their_born" -eq "$born" ] && [ "$their_pid" -gt $$ ]; }; }; then
    order=$theirs
  elif [ "$their_pid" != "$$" ] || [ "$their_boot" != "$boot" ]; then
    echo "$boot $born $$ $order" >"$lock" || return 1
  fi
  word=passive
  [ "$order" = 0 ] || word=active
  stored=
  [ ! -e "$data/role" ] || read -r stored _ <"$data/role"
  [ "$stored" != "$word" ] || return 0
  # Another name than the daemon's own new file has.
  echo "$word" >"$data/role.notify" && for_daemon "$data/role.notify" && mv -f "$data/role.notify" "$data/role"
}

# 0 told; 1 try again; the reason in `answer`.
tell() {
  answer=$(curl -q --noproxy '*' -sS --max-time 2 -H 'Content-Type: application/json' \
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
      [ "$exit_code" = 1 ] || say err "the role file $data/role cannot be written: after a restart the daemon would have another role"
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
