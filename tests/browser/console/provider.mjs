// An OpenID Connect provider with pages of its own, as real ones have: it asks who one is, and sends the browser back.

import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import { once } from 'node:events';
import http from 'node:http';

const CLIENT = 'undisclosed-browser-test';
const SECRET = 'a secret of the browser test';
const TOKEN_SECONDS = 300;

const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
const escape = (text) => text.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);

class Provider {
  /// Who signs in, as claims.
  person = { sub: 'nobody' };
  /// Nobody is asked: they are signed in there already, and one host of the provider's hands them to another.
  asks = true;
  #codes = new Map();
  #keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });

  async start() {
    this.server = http.createServer((request, response) => this.#answer(request, response));
    this.server.listen(0, '127.0.0.1');
    await once(this.server, 'listening');
    const { port } = this.server.address();
    // Another site than the console's, which has an address for a name: a port alone makes none (RFC 6265bis §5.2).
    this.origin = `http://localhost:${port}`;
    this.other = `http://127.0.0.1:${port}`;
    return this;
  }

  close() {
    this.server.closeAllConnections();
    this.server.close();
  }

  /// What `serve` is started with.
  environment() {
    return {
      UNDISCLOSED_OIDC__ISSUER: this.origin,
      UNDISCLOSED_OIDC__CLIENT_ID: CLIENT,
      UNDISCLOSED_OIDC__CLIENT_SECRET: SECRET,
      UNDISCLOSED_OIDC__NAME: 'Unit ID',
    };
  }

  async #answer(request, response) {
    const url = new URL(request.url, this.origin);
    let body = '';
    for await (const part of request) body += part;
    const json = (object, status = 200) => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(object));
    };
    const redirect = (to) => response.writeHead(302, { location: to }).end();
    switch (url.pathname) {
      case '/.well-known/openid-configuration': return json(this.#document());
      case '/keys': return json({ keys: [{ ...this.#keys.publicKey.export({ format: 'jwk' }), use: 'sig', kid: '1' }] });
      case '/authorize': return this.asks ? this.#ask(url.search, response) : redirect(`${this.other}/handed-on${url.search}`);
      case '/handed-on': return redirect(this.#lead(url.searchParams));
      case '/signed-in': return redirect(this.#lead(new URLSearchParams(body)));
      case '/token': return json(...this.#exchange(request, new URLSearchParams(body)));
      default: return json({}, 404);
    }
  }

  #document() {
    return {
      issuer: this.origin,
      authorization_endpoint: `${this.origin}/authorize`,
      token_endpoint: `${this.origin}/token`,
      jwks_uri: `${this.origin}/keys`,
      response_types_supported: ['code'],
      subject_types_supported: ['pairwise'],
      id_token_signing_alg_values_supported: ['ES256'],
      authorization_response_iss_parameter_supported: true,
    };
  }

  #ask(search, response) {
    const fields = [...new URLSearchParams(search)]
      .map(([name, value]) => `<input type="hidden" name="${escape(name)}" value="${escape(value)}">`);
    response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(
      '<!DOCTYPE html><html lang="en"><title>Unit ID</title><link rel="icon" href="data:,"><main><h1>Unit ID</h1>' +
      `<form method="post" action="/signed-in">${fields.join('')}<button name="answer" value="yes">Yes, it is me</button> ` +
      '<button name="answer" value="no">No</button></form></main>');
  }

  #lead(asked) {
    const back = new URL(asked.get('redirect_uri'));
    if (asked.get('answer') === 'no') {
      back.searchParams.set('error', 'access_denied');
    } else {
      const code = `code-${this.#codes.size + 1}`;
      this.#codes.set(code, { asked, person: this.person });
      back.searchParams.set('code', code);
    }
    back.searchParams.set('state', asked.get('state'));
    back.searchParams.set('iss', this.origin);
    return back.href;
  }

  #exchange(request, form) {
    const shown = Buffer.from((request.headers.authorization ?? '').replace('Basic ', ''), 'base64').toString();
    if (shown !== `${CLIENT}:${new URLSearchParams({ s: SECRET }).toString().slice(2)}`) {
      return [{ error: 'invalid_client' }, 401];
    }
    const { asked, person } = this.#codes.get(form.get('code')) ?? {};
    const challenge = createHash('sha256').update(form.get('code_verifier')).digest('base64url');
    if (!asked || asked.get('code_challenge') !== challenge) return [{ error: 'invalid_grant' }, 400];
    this.#codes.set(form.get('code'), {});
    const iat = Math.floor(Date.now() / 1000);
    const claims = { iss: this.origin, aud: CLIENT, iat, exp: iat + TOKEN_SECONDS, nonce: asked.get('nonce'), ...person };
    const signed = `${encode({ alg: 'ES256', kid: '1' })}.${encode(claims)}`;
    const signature = sign('sha256', Buffer.from(signed), { key: this.#keys.privateKey, dsaEncoding: 'ieee-p1363' });
    const token = `${signed}.${signature.toString('base64url')}`;
    return [{ access_token: 'x', token_type: 'Bearer', id_token: token }];
  }
}

export function startProvider() {
  return new Provider().start();
}
