#!/usr/bin/python3
"""Nodes of libtorrent's DHT for the tests of Shoal.

ltdht.py [--enforce] ADDRESS:PORT ...
    runs a node at each address, which know each other, until its standard input ends. With --enforce they ignore nodes whose ids do not fit their addresses (BEP 42).

It prints a JSON object on each line. The first is {"alert": "listening"}. A line of its
standard input is a command, a JSON object with the index of the node, "node", what to
"do", and arguments; bytes are in hexadecimal. What happens then is printed with the index
of the node and the name of the "alert". All else is on standard error.
"""
import json
import queue
import sys
import threading

import libtorrent as lt


def endpoint(text):
    host, port = text.rsplit(':', 1)
    return host.strip('[]'), int(port)


def text_of(end):
    host, port = end
    return ('[%s]:%d' if ':' in host else '%s:%d') % (host, port)


def session(address, enforce):
    category = lt.alert.category_t
    return lt.session({
        'listen_interfaces': address,
        'enable_dht': True,
        'dht_bootstrap_nodes': '',
        'enable_lsd': False,
        'enable_upnp': False,
        'enable_natpmp': False,
        'enable_ip_notifier': False,
        # Else there is one node for each network, and no private one that a public one names.
        'dht_restrict_routing_ips': False,
        'dht_restrict_search_ips': False,
        'dht_ignore_dark_internet': False,
        'dht_enforce_node_id': enforce,
        'dht_prefer_verified_node_ids': enforce,
        'dht_block_ratelimit': 10000,
        'dht_upload_rate_limit': 10000000,
        'dht_sample_infohashes_interval': 0,
        'alert_mask': category.error_notification | category.status_notification
                      | category.dht_notification | category.dht_operation_notification,
    })


class Node:
    def __init__(self, index, address, enforce):
        self.index = index
        self.session = session(address, enforce)

    def do(self, c):
        s, what = self.session, c['do']
        if what == 'add':
            s.add_dht_node(endpoint(c['address']))
        elif what == 'get_peers':
            s.dht_get_peers(sha1(c['hash']))
        elif what == 'announce':
            # Its announces cannot be called from Python. A torrent is announced.
            params = lt.add_torrent_params()
            params.info_hash = sha1(c['hash'])
            params.save_path = '/nonexistent'
            s.add_torrent(params).force_dht_announce()
        elif what == 'put':
            s.dht_put_immutable_item(c['value'])
        elif what == 'get':
            s.dht_get_immutable_item(sha1(c['hash']))
        elif what == 'put_mutable':
            private, key = bytes.fromhex(c['private']), bytes.fromhex(c['key'])
            s.dht_put_mutable_item(private, key, c['value'], c['salt'])
        elif what == 'get_mutable':
            s.dht_get_mutable_item(bytes.fromhex(c['key']), c['salt'])
        elif what == 'sample':
            s.dht_sample_infohashes(endpoint(c['address']), sha1(c['hash']))

    def pop(self):
        for a in self.session.pop_alerts():
            if isinstance(a, lt.dht_get_peers_reply_alert):
                self.say('peers', hash=str(a.info_hash), peers=[text_of(p) for p in a.peers()])
            elif isinstance(a, lt.dht_immutable_item_alert):
                self.say('item', hash=str(a.target), value=value_of(a.item))
            elif isinstance(a, lt.dht_mutable_item_alert):
                self.say('mutable', key=a.key.hex(), salt=str(a.salt), seq=a.seq,
                         value=value_of(a.item), final=a.authoritative)
            elif isinstance(a, lt.dht_put_alert):
                self.say('stored', hash=str(a.target), seq=a.seq, count=a.num_success)
            elif isinstance(a, lt.dht_sample_infohashes_alert):
                self.say('samples', num=a.num_infohashes, hashes=[str(h) for h in a.samples])
            elif isinstance(a, lt.dht_bootstrap_alert):
                self.say('bootstrapped')
            print(self.index, a.what(), a.message(), file=sys.stderr, flush=True)

    def say(self, alert, **facts):
        print(json.dumps(dict(facts, node=self.index, alert=alert)), flush=True)


def sha1(text):
    return lt.sha1_hash(bytes.fromhex(text))


def value_of(item):
    value = item.get('value') if isinstance(item, dict) else None
    return value.decode() if isinstance(value, bytes) else ''


def read(commands):
    for line in sys.stdin:
        commands.put(json.loads(line))
    commands.put(None)


def main(args):
    enforce = args[0] == '--enforce'
    addresses = args[1:] if enforce else args
    nodes = [Node(i, a, enforce) for i, a in enumerate(addresses)]
    for n in nodes:
        for a in addresses:
            if a != addresses[n.index]:
                n.session.add_dht_node(endpoint(a))
    print(json.dumps({'alert': 'listening'}), flush=True)
    commands = queue.Queue()
    threading.Thread(target=read, args=(commands,), daemon=True).start()
    while True:
        try:
            c = commands.get(timeout=0.02)
        except queue.Empty:
            pass
        else:
            if c is None:
                return
            nodes[c['node']].do(c)
        for n in nodes:
            n.pop()


main(sys.argv[1:])
