/** What an operator does about each warning and error of the log, by its message; in the order of the alphabet. */
export const REMEDIES: Readonly<Record<string, string>> = {
  'a reply could not be written into its FIFO':
    'The client went away, or its FIFO has another owner. Run it as root or in the group twinreg; or manage the node over HTTP.',
  'a reply has more contacts than drachtio-server takes in one: it was cut':
    'Lower `registrar.max_contacts`, or find out why one user has so many.',
  'a round of pings takes longer than natping_interval':
    'More contacts than the pace allows: raise `nathelper.natping_max_rate`, or `natping_interval`.',
  'accepting a connection failed': 'Mostly too few file descriptors: `LimitNOFILE` of the unit; `err` has the reason.',
  'another program has the port of management over HTTP; going without (mi.http sets another address, or off)':
    'Give `mi.http` another port, and `check.sh` and `notify.sh` the same one (`TWINREG_MI`); without it keepalived takes this node for sick.',
  'both nodes are active: the address is on both, or only one should be enabled':
    'If it stays: VRRP does not get through between the nodes (firewall, `unicast_peer`), or keepalived of the yielding node is dead or hung. `ip address` on both; then restart keepalived where the address should not be, which takes it away: a killed one leaves it.',
  'both nodes were active when the link ended: nobody knows whether they still are':
    'Look at both nodes: `ip address`, `twinreg status`. If both have the address, phones reach one of them, and what it answers is on that one only; mend the network between them.',
  'cluster time taken over':
    'The clocks of the nodes are more than a second apart: set the wrong one right (`timedatectl`).',
  'configuration not reloaded':
    'Nothing has changed. `problems` names line, key and remedy; mend the file and reload again.',
  'configuration warning': 'A setting has no effect; `problem` says why.',
  'defect while handling what arrived':
    'One message was lost, the service goes on. Report it, with the stack in `err`.',
  'defect: ending': 'The process ended and is started again; the twin serves. Report it, with the stack in `err`.',
  'disk trouble: registrations go on in memory':
    'See [disk](OPERATIONS.md#degraded); `reason` says what the disk said.',
  'drachtio-server did not send a reply':
    '`reason` has its word; now and then a phone’s connection was closed meanwhile.',
  'drachtio-server does not answer: SIP is served as soon as it does':
    'Start it, or correct `sip.drachtio_host` and `sip.drachtio_port`; `reason` says what the last attempt came to.',
  'drachtio-server does not listen where the configuration says':
    'Make `listen` and the server’s `contacts` say the same: `missing` are sockets of `listen` that the server does not have. If it has none of them, the node is not ready.',
  'drachtio-server is lost: no SIP until it is back':
    '`reason`: closed, it ended; silent or unacknowledged, it hung; unread, it hung so that 4 MiB waited for it; refused, its own word; protocol, something else answers at that port. Look into its own log.',
  'drachtio-server is still lost, now for another reason':
    'As for the first reason; `refused: incorrect secret` after its restart: make the secrets of both the same.',
  failed: 'The daemon could not start or stop; `reason` is a sentence that says what to do.',
  'fs.protected_fifos keeps other users from writing into the management FIFO here; make /run/opensips, or set mi.fifo_name':
    'As it says; the installed service makes that folder by itself.',
  'going without the management FIFO (mi.fifo_name sets another path, or off)':
    'Another program, such as OpenSIPS, has the FIFO; `reason` says which. Give twinreg another path, or none.',
  'handover given up':
    'The address has stayed, or comes back if the other node does not take it after all. `reason` says what did not happen; `twinreg doctor` on both nodes.',
  'keepalived gives this node no address':
    '`state` is keepalived’s: FAULT (its check fails, a file that it tracks is not 0, the interface is down) or STOP. `systemctl status keepalived`; run `check.sh` by hand; see [keepalived](OPERATIONS.md#degraded).',
  'listen differs between the nodes: phones are lost when the address moves':
    '`difference` says which node serves what. Write the address that keepalived moves into `listen`, the same on both nodes, and restart the daemon where it was changed.',
  'management FIFO failed': 'Restart the daemon when it suits; HTTP and the unix socket go on.',
  'management client does not read its reply': 'A client hangs; its connection is closed in a while.',
  'management over HTTP failed':
    'keepalived’s check will take this node for sick: restart the daemon; `err` has the reason.',
  'management socket failed':
    'The command `twinreg` does not reach the daemon: restart it when it suits; `err` has the reason.',
  'max_contacts differs between the nodes: the smaller one counts on both':
    'Give both nodes the same `registrar.max_contacts`.',
  'more than half of the pings are lost: our own network is more likely at fault, nobody is removed':
    'Look at this machine’s network: route, firewall, a full connection table (`dmesg`).',
  'nodes are in the table clusterer, and the configuration has no cluster':
    'This node serves alone. Mostly it was started without its configuration: start it with `--config FILE`. If it is to be alone, `twinreg cluster remove` the rows.',
  'nodes of the cluster: look at this':
    '`warning` says what is odd in the table `clusterer`; see [the pair](OPERATIONS.md#the-pair).',
  'nothing is replicated':
    '`reason` says why the rows of the table `clusterer` make no pair; mend them, then `twinreg mi clusterer_reload`.',
  'pings are left out: as many are in flight as drachtio-server sustains, to phones that do not answer':
    'Lower `nathelper.max_pings_lost`, so that dead contacts go, or raise `natping_interval`.',
  'pings are left out: drachtio-server does not keep up with them':
    'Raise `nathelper.natping_interval`, or give the host more processor.',
  'receiving failed, the socket goes on': 'Mostly passing trouble of an interface; `err` has the reason.',
  'replication link ended':
    'Usual when the other node stops. `timeout`: nothing more came from it; does its machine hang, or the network drop packets? See [refusals](OPERATIONS.md#refusals).',
  'replication link refused': '`text` says what does not fit; see [refusals](OPERATIONS.md#refusals).',
  'replication protocol broken by the other end':
    'Another version, a broken network device, or something that is no twinreg. The link starts anew by itself; report it if it comes back.',
  'rows of the database that cannot be read were set aside':
    'Those bindings come back with their next REGISTER; look for disk errors.',
  'second signal: ending now':
    'Somebody asked twice; what was not on disk yet is lost here, and on the twin if it was in sync.',
  'the file down says that this daemon does not run: keepalived gives this node no address':
    'Its supervisor has not written it: `systemctl restart twinreg`, or write `0` into the file `down` of the data folder.',
  'the handover file cannot be written: while it says 1, keepalived gives this node no address':
    'Mend the disk or the rights; the daemon tries again each second. One that has ended does not: `echo 0 > /var/lib/twinreg/handover`.',
  'the history cannot be read: it begins anew': 'Nothing; `twinreg history` shows only what came since.',
  'the history cannot be written: it goes on in memory': 'Mend the disk or the rights of the data folder.',
  'the kernel grants a smaller receive buffer than configured; raise net.core.rmem_max':
    '`sysctl net.core.rmem_max=4194304`, for good in /etc/sysctl.d; see [sizing](OPERATIONS.md#sizing).',
  'the name of a reply FIFO has . / or \\ in it, or other strange characters':
    'A client of the FIFO is broken, or not what it seems; look who writes there.',
  'the role file cannot be written':
    'The role holds until a restart. Mend the disk, then `twinreg ping on` or `off` once more.',
  'the role file has a time that is yet to come: the role counts as taken now':
    'A clock was, or is, far off: `timedatectl`; then set the role again where it belongs.',
  'the role file says nothing usable: left as it is until the role is set':
    'Somebody wrote into it: `twinreg ping on` on the active node, `off` on the other one.',
  'the socket waits for its address, and something else is in the way':
    'The address is here, and still cannot be bound: `reason` says why. Another program may have the port: `ss -lunp`.',
  'the wall clock is behind what is known to have passed; going on from there':
    'Set the clock right (`timedatectl`), then restart the daemon; see [clock](OPERATIONS.md#degraded).',
  'too many replies wait for their FIFOs to be read; a reply is left out':
    'Clients of the FIFO ask and do not read; manage the node over HTTP.',
  'what was written into the management FIFO is no request; skipped':
    'A client writes something else; `opensips-cli -x mi which` shows what works.',
};
