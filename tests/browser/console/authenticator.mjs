// What the app on a telephone does: RFC 6238 with SHA-1, six digits, thirty seconds.

import { createHmac } from 'node:crypto';

const STEP_SECONDS = 30;
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

function octets(key) {
  const bits = [...key.replaceAll(' ', '')].map((c) => ALPHABET.indexOf(c).toString(2).padStart(5, '0')).join('');
  return Buffer.from(bits.match(/.{8}/g).map((octet) => Number.parseInt(octet, 2)));
}

function code(secret, step) {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(step));
  const tag = createHmac('sha1', secret).update(counter).digest();
  const number = tag.readUInt32BE(tag.at(-1) & 15) & 0x7fffffff;
  return String(number % 1_000_000).padStart(6, '0');
}

/// An app that has the key which the page shows. Each code is of a step of its own, since each works once.
export class Authenticator {
  #secret;
  #last = 0;

  constructor(key) {
    this.#secret = octets(key);
  }

  /// The code of now, or of the step after: the console takes both. Nothing when both were used: then somebody needs a
  /// code on paper.
  code() {
    const now = Math.floor(Date.now() / 1000 / STEP_SECONDS);
    const step = Math.max(now, this.#last + 1);
    if (step > now + 1) return undefined;
    this.#last = step;
    return code(this.#secret, step);
  }

  /// Six digits that are no code of these minutes.
  wrong() {
    const now = Math.floor(Date.now() / 1000 / STEP_SECONDS);
    const right = [-3, -2, -1, 0, 1, 2, 3].map((off) => code(this.#secret, now + off));
    return ['000000', '111111', '222222', '333333', '444444', '555555', '666666', '777777']
      .find((one) => !right.includes(one));
  }
}
