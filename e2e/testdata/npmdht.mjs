// Nodes of npm's bittorrent-dht for the tests of Shoal.
//
// node npmdht.mjs FOLDER ADDRESS:PORT,... ADDRESS:PORT,...
//     runs a node at each address of the first list, until its standard input ends. They
//     begin with all nodes of both lists. FOLDER has node_modules with bittorrent-dht.
//
// It prints a JSON object on each line. The first is {"alert":"listening"}. A line of its
// standard input is a command, a JSON object with the index of the node, "node", what to
// "do", and arguments; bytes are in hexadecimal. What happens then is printed with the index
// of the node and the name of the "alert". All else is on standard error.
import crypto from 'node:crypto'
import path from 'node:path'
import readline from 'node:readline'
import { pathToFileURL } from 'node:url'

const [folder, own, others] = process.argv.slice(2)
const module = path.join(folder, 'node_modules', 'bittorrent-dht', 'index.js')
const { default: DHT } = await import(pathToFileURL(module))

// What comes before the bytes of an Ed25519 key in its DER form.
const publicPrefix = Buffer.from('302a300506032b6570032100', 'hex')
const privatePrefix = Buffer.from('302e020100300506032b657004220420', 'hex')

function verify (signature, message, key) {
  const der = { key: Buffer.concat([publicPrefix, key]), format: 'der', type: 'spki' }
  return crypto.verify(null, message, der, signature)
}

function signer (seed) {
  const der = { key: Buffer.concat([privatePrefix, seed]), format: 'der', type: 'pkcs8' }
  return message => crypto.sign(null, message, der)
}

function bytes (text) {
  return Buffer.from(text, 'hex')
}

function split (list) {
  return list ? list.split(',') : []
}

class Node {
  constructor (index, address, known) {
    this.index = index
    this.dht = new DHT({ bootstrap: known.filter(a => a !== address), verify })
    for (const event of ['error', 'warning']) {
      this.dht.on(event, err => this.log(event, err))
    }
    const [host, port] = address.split(':')
    this.listening = Promise.all(['listening', 'ready'].map(event => {
      return new Promise(resolve => this.dht.once(event, resolve))
    }))
    this.dht.listen(Number(port), host)
  }

  do (c) {
    switch (c.do) {
      case 'get_peers': return this.getPeers(bytes(c.hash))
      case 'announce': return this.announce(bytes(c.hash), c.port)
      case 'put': return this.put({ v: Buffer.from(c.value) })
      case 'get': return this.get(bytes(c.hash))
      case 'put_mutable': return this.putMutable(c)
      case 'get_mutable': return this.getMutable(bytes(c.key), c.salt)
      default: throw new Error(`there is no command ${c.do}`)
    }
  }

  // getPeers says which peers other nodes name, without those that this one stores.
  getPeers (hash) {
    const peers = new Set()
    const collect = (peer, of, from) => {
      if (from && hash.equals(of)) peers.add(`${peer.host}:${peer.port}`)
    }
    this.dht.on('peer', collect)
    this.dht.lookup(hash, err => {
      this.dht.removeListener('peer', collect)
      if (err) return this.log('lookup', err)
      this.say('peers', { hash: hash.toString('hex'), peers: [...peers] })
    })
  }

  // announce announces a port, or without one the port that others see (implied_port).
  announce (hash, port) {
    this.dht.announce(hash, port || 0, (err, count) => {
      if (err) return this.log('announce', err)
      this.say('announced', { hash: hash.toString('hex'), count })
    })
  }

  put (item) {
    this.dht.put(item, (err, hash, count) => {
      if (err) return this.log('put', err)
      this.say('stored', { hash: hash.toString('hex'), seq: item.seq || 0, count })
    })
  }

  get (hash) {
    this.dht.get(hash, { cache: false }, (err, item) => {
      if (err) return this.log('get', err)
      this.say('item', { hash: hash.toString('hex'), value: valueOf(item) })
    })
  }

  find (key, salt, then) {
    const target = crypto.createHash('sha1').update(key).update(salt).digest()
    this.dht.get(target, { cache: false, salt }, (err, item) => {
      if (err) return this.log('get', err)
      then(item)
    })
  }

  // putMutable stores a value under the number after the one that is stored.
  putMutable (c) {
    const k = bytes(c.key)
    this.find(k, c.salt, old => {
      const item = { k, v: Buffer.from(c.value), seq: old ? old.seq + 1 : 1, sign: signer(bytes(c.seed)) }
      if (c.salt) item.salt = Buffer.from(c.salt)
      this.put(item)
    })
  }

  getMutable (key, salt) {
    this.find(key, salt, item => {
      this.say('mutable', { key: key.toString('hex'), salt, seq: item ? item.seq : 0, value: valueOf(item), final: true })
    })
  }

  say (alert, facts) {
    console.log(JSON.stringify({ ...facts, node: this.index, alert }))
  }

  log (what, err) {
    console.error(this.index, what, err.message)
  }
}

function valueOf (item) {
  return item ? Buffer.from(item.v).toString() : ''
}

const addresses = split(own)
const known = [...addresses, ...split(others)]
const nodes = addresses.map((address, i) => new Node(i, address, known))
await Promise.all(nodes.map(n => n.listening))
console.log(JSON.stringify({ alert: 'listening' }))
for await (const line of readline.createInterface({ input: process.stdin })) {
  const c = JSON.parse(line)
  nodes[c.node].do(c)
}
process.exit()
