#!/usr/bin/python3
"""libtorrent for the tests of Shoal, in one of two ways.

ltclient.py show TORRENT
    prints what libtorrent reads in a torrent, as JSON.

ltclient.py run [--seed] [--lsd] [--port PORT] [--dht NODE ...] [--want PATH ...] [--limit BYTES]
        [--upload-limit BYTES] TORRENT FOLDER ADDRESS [PEER ...]
    joins the swarm from ADDRESS with the content in FOLDER, dials the peers, and
    runs until its standard input ends. TORRENT may be a magnet link. It prints
    "listening PORT" at once; when it has every piece, "ahead N", where N is the
    largest number of pieces that a peer ever had more than it; and "complete" when
    all is on disk; each on a line of its own. All else is on standard error. With
    --seed the content is there and is checked first. PORT is where to listen. With
    nodes of a DHT it finds peers there, with --lsd on the local network.

    With paths it wants these files alone, and is complete when it has them. Lines of
    its standard input change that: "want PATH" adds a file, and "dial PEER" dials one.
    With a limit it downloads so many bytes a second, until a line "unlimited". With an
    upload limit it uploads so many.
    It prints "has PATH" for each file of which it has every piece, and "upload_only N"
    whenever the number of peers that say so of themselves has changed.
"""
import json
import os
import select
import sys
import time

import libtorrent as lt


def show(path):
    info = lt.torrent_info(path)
    hashes, files = info.info_hashes(), info.files()
    json.dump({
        'v1': str(hashes.v1) if hashes.has_v1() else '',
        'v2': str(hashes.v2) if hashes.has_v2() else '',
        'name': info.name(),
        'length': info.total_size(),
        'pieceLength': info.piece_length(),
        'pieces': info.num_pieces(),
        'private': info.priv(),
        'trackers': [[t.url, t.tier] for t in info.trackers()],
        'files': [{
            'path': files.file_path(i),
            'length': files.file_size(i),
            'offset': files.file_offset(i),
            'pad': bool(files.file_flags(i) & lt.file_flags_t.flag_pad_file),
        } for i in range(files.num_files())],
    }, sys.stdout)


def bracketed(host):
    return '[%s]' % host if ':' in host else host


def endpoint(text):
    host, port = text.rsplit(':', 1)
    return host.strip('[]'), int(port)


def session(address, port, nodes, lsd):
    category = lt.alert.category_t
    pe_disabled = 2
    return lt.session({
        'listen_interfaces': '%s:%d' % (bracketed(address), port),
        'outgoing_interfaces': address,
        'enable_dht': bool(nodes),
        'dht_bootstrap_nodes': '',
        # Else it asks one node of each network.
        'dht_restrict_routing_ips': False,
        'dht_restrict_search_ips': False,
        'enable_lsd': lsd,
        'enable_upnp': False,
        'enable_natpmp': False,
        'enable_outgoing_utp': False,
        'enable_incoming_utp': False,
        'in_enc_policy': pe_disabled,
        'out_enc_policy': pe_disabled,
        'allow_multiple_connections_per_ip': True,
        'min_reconnect_time': 1,
        # Other tests add addresses: no reason to listen anew and drop announces.
        'enable_ip_notifier': False,
        # Not those that come by the block: libtorrent 2.0.8 may crash on them.
        'alert_mask': category.error_notification | category.status_notification
                      | category.storage_notification | category.tracker_notification
                      | category.connect_notification,
    })


class Files:
    """The files of a torrent that are wanted, and those of which every piece is there."""

    def __init__(self, handle, wanted):
        self.handle, self.wanted, self.has = handle, set(wanted), set()
        if wanted:
            self.prioritize()

    def paths(self):
        files = self.handle.torrent_file().files()
        return {files.file_path(i): i for i in range(files.num_files())}

    def prioritize(self):
        paths = self.paths()
        if not self.wanted <= paths.keys():
            raise SystemExit('no such file: %s' % (self.wanted - paths.keys()))
        self.handle.prioritize_files([4 if p in self.wanted else 0 for p in paths])

    def want(self, path):
        self.wanted.add(path)
        self.prioritize()

    def look(self):
        """Prints the files that came, and reports whether all that are wanted are there."""
        files = self.handle.torrent_file().files()
        progress = self.handle.file_progress(lt.torrent_handle.piece_granularity)
        for path, i in self.paths().items():
            if path not in self.has and progress[i] == files.file_size(i):
                self.has.add(path)
                print('has', path, flush=True)
        return bool(self.wanted) and self.wanted <= self.has


def run(args):
    seed, lsd, port, limit, upload_limit, nodes, wanted = False, False, 0, 0, 0, [], []
    while args[0].startswith('--'):
        option = args.pop(0)
        if option == '--seed':
            seed = True
        elif option == '--lsd':
            lsd = True
        elif option == '--dht':
            nodes.append(endpoint(args.pop(0)))
        elif option == '--want':
            wanted.append(args.pop(0))
        elif option == '--limit':
            limit = int(args.pop(0))
        elif option == '--upload-limit':
            upload_limit = int(args.pop(0))
        else:
            port = int(args.pop(0))
    torrent, folder, address = args[:3]
    s = session(address, port, nodes, lsd)
    for n in nodes:
        s.add_dht_node(n)
    if torrent.startswith('magnet:'):
        params = lt.parse_magnet_uri(torrent)
    else:
        params = lt.add_torrent_params()
        params.ti = lt.torrent_info(torrent)
    params.save_path = folder
    if wanted:
        # Nothing else is requested before the files are chosen.
        params.flags |= lt.torrent_flags.default_dont_download
    h = s.add_torrent(params)
    h.set_download_limit(limit)
    h.set_upload_limit(upload_limit)
    files = Files(h, wanted)
    for p in args[3:]:
        h.connect_peer(endpoint(p))
    listening = complete = False
    ahead = upload_only = 0
    announced_at = 0
    commands = b''
    while True:
        s.wait_for_alert(50)
        for a in s.pop_alerts():
            print(a.what(), a.message(), file=sys.stderr, flush=True)
            if complete and isinstance(a, lt.cache_flushed_alert):
                print('complete', flush=True)
        status = h.status()
        seeding = status.is_seeding
        peers = h.get_peer_info()
        ahead = max([ahead] + [p.num_pieces - status.num_pieces for p in peers])
        say_so = len([p for p in peers if p.flags & lt.peer_info.upload_only and not p.flags & lt.peer_info.seed])
        if say_so != upload_only:
            upload_only = say_so
            print('upload_only', upload_only, flush=True)
        has_wanted = status.has_metadata and files.look()
        if not listening and s.listen_port() and (seeding or not seed):
            listening = True
            print('listening', s.listen_port(), flush=True)
        if not complete and (seeding or has_wanted):
            # An alert comes when all is on disk.
            complete = True
            print('ahead', ahead, flush=True)
            h.flush_cache()
        # Its own first announce may come before it knows anybody, and the next one much later.
        if nodes and s.status().dht_nodes and time.monotonic() - announced_at > 5:
            announced_at = time.monotonic()
            h.force_dht_announce()
        if select.select([sys.stdin], [], [], 0)[0]:
            read = os.read(0, 4096)
            if not read:
                return
            *lines, commands = (commands + read).split(b'\n')
            for line in lines:
                command, _, what = line.decode().partition(' ')
                if command == 'want':
                    complete = False
                    files.want(what)
                elif command == 'dial':
                    h.connect_peer(endpoint(what))
                else:
                    h.set_download_limit(0)


if sys.argv[1] == 'show':
    show(sys.argv[2])
else:
    run(sys.argv[2:])
