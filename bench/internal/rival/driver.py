"""Drives libtorrent for one measurement, as a child of bench.

driver.py leech TORRENT DIR PEER...
driver.py seed LISTEN TORRENT DIR
driver.py recheck TORRENT DIR THREADS
driver.py many TORRENTS DIR

It says "ready", waits for "go", says "done", and ends with its input.
"""
import os
import sys
import time

import libtorrent as lt

# Nothing but the transfer: no discovery, no encryption, no uTP.
QUIET = {
    "enable_dht": False, "enable_lsd": False, "enable_upnp": False, "enable_natpmp": False,
    "enable_outgoing_utp": False, "enable_incoming_utp": False,
    "in_enc_policy": 2, "out_enc_policy": 2,
    "allow_multiple_connections_per_ip": True,
    "alert_mask": lt.alert.category_t.status_notification | lt.alert.category_t.error_notification,
}
# What a seeder may give is to be measured, not what it allows.
OPEN = {
    "unchoke_slots_limit": -1, "connections_limit": 5000, "listen_queue_size": 1000,
    "max_allowed_in_request_queue": 2000,
    "send_buffer_watermark": 3 << 20, "send_buffer_watermark_factor": 150,
    # Connections on which nobody wants anything are to stay.
    "inactivity_timeout": 3600, "peer_timeout": 3600, "close_redundant_connections": False,
}


def say(*words):
    print(*words, flush=True)


def go(text=""):
    """Says that we are ready, and waits to be told to go."""
    say("ready", text)
    for line in sys.stdin:
        if line.strip() == "go":
            return
    os._exit(0)


def finish():
    """Says that the work is done, and ends with the input."""
    say("done")
    rest()


def rest():
    for _ in sys.stdin:
        pass
    os._exit(0)


def parameters(torrent, folder, flags):
    p = lt.add_torrent_params()
    p.ti, p.save_path, p.trackers, p.flags = lt.torrent_info(torrent), folder, [], flags
    return p


def wait_for(session, kind):
    while True:
        session.wait_for_alert(1000)
        for a in session.pop_alerts():
            if isinstance(a, kind):
                return
            if "error" in a.what():
                sys.exit("%s: %s" % (a.what(), a.message()))


def leech(torrent, folder, *peers):
    session = lt.session({**QUIET, "listen_interfaces": "0.0.0.0:0"})
    p = parameters(torrent, folder, lt.torrent_flags.update_subscribe)
    go()
    handle = session.add_torrent(p)
    for address in peers:
        host, port = address.rsplit(":", 1)
        handle.connect_peer((host, int(port)))
    wait_for(session, lt.torrent_finished_alert)
    while handle.status().total_done < p.ti.total_size():
        time.sleep(0.01)
    finish()


def seed(listen, torrent, folder):
    session = lt.session({**QUIET, **OPEN, "listen_interfaces": listen})
    handle = session.add_torrent(parameters(torrent, folder, lt.torrent_flags.seed_mode))
    handle.set_max_connections(5000)
    handle.set_max_uploads(5000)
    while session.listen_port() == 0 or not handle.status().is_seeding:
        time.sleep(0.01)
    say("ready", "127.0.0.1:%d" % session.listen_port())
    rest()


def recheck(torrent, folder, threads):
    session = lt.session({**QUIET, "listen_interfaces": "127.0.0.1:0", "hashing_threads": int(threads)})
    p = parameters(torrent, folder, lt.torrent_flags.update_subscribe)
    go()
    handle = session.add_torrent(p)
    wait_for(session, lt.torrent_checked_alert)
    if not handle.status().is_seeding:
        sys.exit("not all pieces are good")
    finish()


def many(torrents, folder):
    session = lt.session({**QUIET, **OPEN, "listen_interfaces": "127.0.0.1:0"})
    go()
    names = sorted(os.listdir(torrents))
    for name in names:
        session.add_torrent(parameters(os.path.join(torrents, name), folder, lt.torrent_flags.seed_mode))
    while sum(s.is_seeding for s in session.get_torrent_status(lambda s: True, 0)) < len(names):
        time.sleep(0.05)
    finish()


{"leech": leech, "seed": seed, "recheck": recheck, "many": many}[sys.argv[1]](*sys.argv[2:])
