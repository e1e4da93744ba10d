#!/bin/sh
# keepalived asks every second whether this node could serve phones: exit code 0 is yes. It asks with curl, since a Node that starts
# each second would cost more than the daemon does. Run by hand it shows what the daemon says of itself.
#
# TWINREG_MI: where the daemon's management is, http://127.0.0.1:8888/mi unless it says otherwise (mi.http).
set -u

mi=${TWINREG_MI:-http://127.0.0.1:8888/mi}

# Shorter than the interval in keepalived.conf, so that a daemon that hangs fails two checks in two seconds. -q: what root has in its
# .curlrc, and a proxy, have no say.
host=${mi#*://}
exec curl -q --noproxy '*' -sS --fail-with-body --max-time 0.9 "http://${host%%/*}/ready"
