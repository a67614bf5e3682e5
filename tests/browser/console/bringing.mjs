// Mail that comes back, brought to the listener as a mail server brings it.

import assert from 'node:assert/strict';
import { connect } from 'node:net';

/// Brings a message; fails unless each reply is the expected one.
export async function bring(port, from, to, message) {
  const socket = connect(port, '127.0.0.1').setEncoding('latin1');
  const replies = lastLines(socket);
  const says = async (line, code) => {
    if (line) socket.write(`${line}\r\n`);
    const { value } = await replies.next();
    assert.equal(value.slice(0, 3), code, `${line}: ${value}`);
  };
  try {
    await says('', '220');
    await says('EHLO mx.example', '250');
    await says(`MAIL FROM:<${from}>`, '250');
    await says(`RCPT TO:<${to}>`, '250');
    await says('DATA', '354');
    await says(`${message}\r\n.`, '250');
    await says('QUIT', '221');
  } finally {
    socket.destroy();
  }
}

async function* lastLines(socket) {
  let rest = '';
  for await (const text of socket) {
    const lines = (rest + text).split('\r\n');
    rest = lines.pop();
    yield* lines.filter((line) => line[3] === ' ');
  }
}

/// A delivery status notification (RFC 3464): there is no such mailbox.
export function bounce({ to, text }) {
  const lines = [
    'From: MAILER-DAEMON@mx.example', 'Subject: Undelivered Mail Returned to Sender', 'MIME-Version: 1.0',
    'Content-Type: multipart/report; report-type=delivery-status; boundary="b"', '',
    '--b', 'Content-Type: text/plain', '', 'It could not be delivered.', '',
    '--b', 'Content-Type: message/delivery-status', '', 'Reporting-MTA: dns; mx.example', '',
    `Final-Recipient: rfc822; ${to}`, 'Action: failed', 'Status: 5.1.1', '',
    '--b', 'Content-Type: text/rfc822-headers', '', text.split('\r\n\r\n')[0], '', '--b--',
  ];
  return lines.join('\r\n');
}

/// What a mail program writes when somebody unsubscribes by mail: to whom, and the message.
export function unsubscription({ to, text }) {
  const unfolded = text.replaceAll('\r\n ', ' ');
  const [, mailbox, subject] = /^List-Unsubscribe:.*<mailto:([^?>]+)\?subject=([^>]+)>/m.exec(unfolded);
  return [mailbox, `From: ${to}\r\nSubject: ${decodeURIComponent(subject)}\r\n\r\n`];
}
