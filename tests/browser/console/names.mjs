// A name server on loopback that knows a few names (RFC 1035 §4).

import { createSocket } from 'node:dgram';
import { once } from 'node:events';

const TYPES = { 1: 'A', 15: 'MX', 16: 'TXT' };
/** Header octets of a message. */
const HEADER = 12;
const NAME_UNKNOWN = 3;

const u16 = (number) => [number >> 8, number & 255];
const label = (text) => [text.length, ...Buffer.from(text, 'ascii')];
const encoded = (name) => [...name.split('.').flatMap(label), 0];
const DATA = { MX: (host) => [...u16(10), ...encoded(host)], TXT: (text) => label(text) };

function questionOf(message) {
  const labels = [];
  let at = HEADER;
  while (message[at] > 0) {
    labels.push(message.toString('ascii', at + 1, at + 1 + message[at]));
    at += 1 + message[at];
  }
  return { name: labels.join('.').toLowerCase(), type: TYPES[message.readUInt16BE(at + 1)], end: at + 5 };
}

function answerTo(message, published) {
  const { name, type, end } = questionOf(message);
  const found = published[name]?.[type];
  const record = found === undefined ? [] : (() => {
    const data = DATA[type](found);
    return [...u16(0xc000 + HEADER), ...message.subarray(end - 4, end), 0, 0, 0, 60, ...u16(data.length), ...data];
  })();
  const code = name in published ? 0 : NAME_UNKNOWN;
  const header = [...message.subarray(0, 2), ...u16(0x8180 + code), ...u16(1), ...u16(found === undefined ? 0 : 1), 0, 0, 0, 0];
  return Buffer.from([...header, ...message.subarray(HEADER, end), ...record]);
}

/// Starts one; `published` has by name what there is by type: `{ 'unit.example': { TXT: '…', MX: 'mx.unit.example' } }`.
export async function startNames(published) {
  const socket = createSocket('udp4');
  socket.on('message', (message, asker) => socket.send(answerTo(message, published), asker.port, asker.address));
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return { place: `127.0.0.1:${socket.address().port}`, close: () => socket.close() };
}
