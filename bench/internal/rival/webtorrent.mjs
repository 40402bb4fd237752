// Drives webtorrent for one measurement, as a child of bench.
//
// webtorrent.mjs FOLDER TORRENT DIR PEER...
//
// FOLDER has webtorrent in node_modules. It says "ready", waits for "go", does what package
// player asks for, and ends with its input.
import { readFileSync } from 'node:fs'
import { register } from 'node:module'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { pathToFileURL } from 'node:url'

const [folder, torrentFile, dir, ...peers] = process.argv.slice(2)

// WebRTC is of no use here, and its addon is not built by npm install --ignore-scripts.
// So that any folder will do, the names are replaced as they are looked up.
const stub = 'data:text/javascript,' + encodeURIComponent('export const RTCPeerConnection = undefined, RTCSessionDescription = undefined, RTCIceCandidate = undefined')
const home = pathToFileURL(path.join(folder, 'driver.js')).href
register('data:text/javascript,' + encodeURIComponent(`
export async function resolve (name, context, next) {
  if (name === 'webrtc-polyfill') return { url: ${JSON.stringify(stub)}, shortCircuit: true }
  if (name === 'webtorrent') return next(name, { ...context, parentURL: ${JSON.stringify(home)} })
  return next(name, context)
}`))
const { default: WebTorrent } = await import('webtorrent')

function fail (err) {
  console.error(err)
  process.exit(1)
}

// Nothing but the transfer: no discovery, no encryption, no uTP.
const client = new WebTorrent({ dht: false, lsd: false, tracker: false, natUpnp: false, natPmp: false, utPex: false, utp: false, secure: false })
client.on('error', fail)
const content = readFileSync(torrentFile)
let torrent, ready
let stream, chunks
let there = 0 // bytes that came and were not read

function open (start) {
  if (stream) stream.destroy()
  stream = torrent.files[0].createReadStream({ start })
  chunks = stream[Symbol.asyncIterator]()
  there = 0
}

const commands = {
  go () {
    torrent = client.add(content, { path: dir, announce: [] })
    torrent.on('error', fail)
    torrent.once('infoHash', () => { for (const p of peers) torrent.addPeer(p) })
    ready = new Promise(resolve => torrent.once('ready', resolve))
  },
  async read (n) {
    await ready
    if (!stream) open(0)
    while (there < n) {
      const { value, done } = await chunks.next()
      if (done) fail(new Error('the stream ended'))
      there += value.length
    }
    there -= n
    console.log('read')
  },
  async seek (start) {
    await ready
    open(start)
    console.log('seek')
  },
  loaded () {
    console.log('loaded', torrent.downloaded)
  }
}

console.log('ready')
for await (const line of createInterface({ input: process.stdin })) {
  const [word, number] = line.split(' ')
  await commands[word](Number(number))
}
process.exit(0)
