// A mail server that takes messages as fast as the test lets it: so a campaign stands still where the test looks at it.

import { createServer } from 'node:net';

/// Local parts that get another reply to RCPT. Those that it is too early for are taken the second time, and for some the
/// connection breaks off when the message was handed over.
const GONE = /^gone/;
const LATER = /^later/;
const LOST = /^lost/;
const STAFF = /@unit\.example$/;

/// A relay on this machine. `take(n)` lets so many more messages in; all of them, at first.
export async function startRelay() {
  const asked = new Set();
  const held = [];
  const messages = [];
  const envelopes = [];
  const looking = new Set();
  let places = Infinity;

  function place() {
    if (places > 0) {
      places -= 1;
      return Promise.resolve();
    }
    return new Promise((resolve) => { held.push(resolve); });
  }

  function recipient(line) {
    const address = /<([^>]+)>/.exec(line)[1];
    if (GONE.test(address)) return '550 5.1.1 no such mailbox';
    if (LATER.test(address) && !asked.has(address)) {
      asked.add(address);
      return '451 4.3.0 later';
    }
    return '250 2.1.5 fine';
  }

  function converse(socket) {
    let rest = '';
    let inMessage = false;
    let lines = [];
    let lost = false;
    let from = '';
    let to = '';
    let turn = Promise.resolve();
    const answer = async (line) => {
      if (inMessage) {
        if (line !== '.') {
          lines.push(line);
          return;
        }
        inMessage = false;
        // Staff is told at once, whatever a campaign waits for.
        if (!STAFF.test(to)) await place();
        if (lost) {
          socket.destroy();
          return;
        }
        messages.push(lines.join('\n'));
        const envelope = { from, to, text: lines.join('\r\n') };
        envelopes.push(envelope);
        for (const look of looking) look(envelope);
        lines = [];
        socket.write('250 2.0.0 taken\r\n');
        return;
      }
      const verb = line.slice(0, 4).toUpperCase();
      inMessage = verb === 'DATA';
      if (verb === 'MAIL') [, from] = /<([^>]*)>/.exec(line);
      if (verb === 'RCPT') {
        [, to] = /<([^>]+)>/.exec(line);
        lost = LOST.test(to);
      }
      const replies = { EHLO: '250-relay.test\r\n250 ENHANCEDSTATUSCODES', DATA: '354 go on', QUIT: '221 2.0.0 bye' };
      socket.write(`${verb === 'RCPT' ? recipient(line) : replies[verb] ?? '250 2.0.0 fine'}\r\n`);
      if (verb === 'QUIT') socket.end();
    };
    socket.setEncoding('latin1').on('error', () => {}).on('data', (text) => {
      const whole = (rest + text).split('\r\n');
      rest = whole.pop();
      for (const line of whole) turn = turn.then(() => answer(line));
    });
    socket.write('220 relay.test ESMTP\r\n');
  }

  const sockets = new Set();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    converse(socket);
  });
  await new Promise((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  return {
    /// The messages that were taken.
    messages,
    /// The same with whom they were from and to.
    envelopes,
    url: `smtp://127.0.0.1:${server.address().port}`,
    /// The first message to somebody in which this is found, as soon as it is there.
    got(recipient, pattern) {
      const fits = ({ to, text }) => to === recipient && pattern.test(text);
      const there = envelopes.find(fits);
      if (there) return Promise.resolve(there);
      return new Promise((resolve) => {
        looking.add((envelope) => { if (fits(envelope)) resolve(envelope); });
      });
    },
    take(number) {
      places = number;
      while (places > 0 && held.length > 0) {
        places -= 1;
        held.shift()();
      }
    },
    close() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}
