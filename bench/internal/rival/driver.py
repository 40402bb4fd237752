"""Drives libtorrent for one measurement, as a child of bench.

driver.py leech TORRENT DIR PEER...
driver.py seed LISTEN TORRENT DIR
driver.py recheck TORRENT DIR THREADS
driver.py many TORRENTS DIR
driver.py seeders TORRENT DIR LISTEN[=RATE]...
driver.py play RATE TORRENT DIR PEER...

It says "ready", waits for "go", says "done", and ends with its input. play does what
package player asks for instead of saying "done". A RATE is in bytes per second.
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


def seeders(torrent, folder, *listens):
    """Seeds with the settings that everybody has, each seeder at an address of its own. What
    is in the send buffer cannot be cancelled, so it is as small as the library has it."""
    sessions, addresses = [], []
    for listen in listens:
        address, _, rate = listen.partition("=")
        session = lt.session({**QUIET, "unchoke_slots_limit": -1, "listen_interfaces": address})
        handle = session.add_torrent(parameters(torrent, folder, lt.torrent_flags.seed_mode))
        if rate:
            handle.set_upload_limit(int(rate))
        while session.listen_port() == 0 or not handle.status().is_seeding:
            time.sleep(0.01)
        sessions.append(session)
        addresses.append("%s:%d" % (address.rsplit(":", 1)[0], session.listen_port()))
    say("ready", *addresses)
    rest()


AHEAD = 32 << 20  # bytes for which the player sets deadlines


class Player:
    """Reads as programs that stream do: deadlines for the next pieces by the time at which
    they will be played, and the bytes of each by an alert."""

    def __init__(self, session, handle, info, rate):
        self.session, self.handle, self.info, self.rate = session, handle, info, rate
        self.at = 0
        self.pieces = {}  # wanted ones; False until the bytes are here

    def want(self):
        size = self.info.piece_length()
        first = self.at // size
        for piece in [p for p in self.pieces if p < first]:
            del self.pieces[piece]
        last = min(self.info.num_pieces() - 1, (self.at + AHEAD) // size)
        for piece in range(first, last + 1):
            if piece not in self.pieces:
                self.pieces[piece] = False
                self.ask(piece)

    def ask(self, piece):
        due = max(0, piece * self.info.piece_length() - self.at) / self.rate
        self.handle.set_piece_deadline(piece, int(1000 * due), lt.deadline_flags_t.alert_when_available)

    def read(self, n):
        self.want()
        last = (self.at + n - 1) // self.info.piece_length()
        while not all(self.pieces[p] for p in range(self.at // self.info.piece_length(), last + 1)):
            self.session.wait_for_alert(1000)
            for a in self.session.pop_alerts():
                if isinstance(a, lt.read_piece_alert):
                    self.arrived(a)
                elif isinstance(a, (lt.torrent_error_alert, lt.file_error_alert)):
                    sys.exit("%s: %s" % (a.what(), a.message()))
        self.at += n
        self.want()

    def arrived(self, alert):
        piece = int(alert.piece)
        if self.pieces.get(piece) is not False:
            return
        if alert.error.value() != 0:
            self.ask(piece)  # a seek took back what was asked before
        else:
            self.pieces[piece] = alert.buffer

    def seek(self, at):
        self.handle.clear_piece_deadlines()
        self.at, self.pieces = at, {}
        self.want()


def play(rate, torrent, folder, *peers):
    session = lt.session({**QUIET, "listen_interfaces": "0.0.0.0:0", "alert_queue_size": 100000})
    p = parameters(torrent, folder, lt.torrent_flags.update_subscribe)
    say("ready")
    player = handle = None
    for line in sys.stdin:
        word, *rest = line.split()
        if word == "go":
            handle = session.add_torrent(p)
            for address in peers:
                host, port = address.rsplit(":", 1)
                handle.connect_peer((host, int(port)))
        elif word == "loaded":
            say("loaded", handle.status().total_done)
        else:
            player = player or Player(session, handle, p.ti, float(rate))
            {"read": player.read, "seek": player.seek}[word](int(rest[0]))
            say(word)
    os._exit(0)


PARTS = {"leech": leech, "seed": seed, "recheck": recheck, "many": many, "seeders": seeders, "play": play}
PARTS[sys.argv[1]](*sys.argv[2:])
