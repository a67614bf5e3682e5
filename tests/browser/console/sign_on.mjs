// Signing in at a provider, with pages of another origin in between; with scripts and without.

import assert from 'node:assert/strict';
import { check, step } from '../checking.mjs';
import * as accounts from './accounts.mjs';
import { Person } from './person.mjs';

const LOGIN = 'radia@unit.example';
const BUTTON = 'Sign in with Unit ID';
/// As long as Entra ID has them, and without a place to break.
const SUBJECT = 'AAAAAAAAAAAAAAAAAAAAAPd1w-x9Qm3fLkq8bTzR4c0';

/// Presses the button and arrives at the provider.
async function go(person, provider) {
  await person.open('/sign-in');
  await person.page.getByRole('button', { name: BUTTON, exact: true }).focus();
  await person.page.keyboard.press('Enter');
  await person.page.waitForURL(`${provider.origin}/authorize?**`);
}

/// Says there that it is oneself, and comes back; with which cookies of ours.
async function comeBack(person) {
  const asked = person.page.waitForRequest((one) => new URL(one.url()).pathname === '/sign-in/returned');
  await person.press('Yes, it is me');
  const { cookie } = await (await asked).allHeaders();
  assert.equal(person.path(), '/sign-in/returned');
  return cookie;
}

async function visit(person) {
  const cookies = await person.context.cookies();
  return cookies.find(({ name }) => name === 'visit')?.value;
}

async function showCode(person, account) {
  assert.equal(await person.heading(), 'Enter your code');
  await person.type('Code', account.authenticator.code() ?? account.paper.shift());
  await person.press('Continue');
  assert.equal(person.path(), '/campaigns');
}

/// What the pages on the way look like.
async function looks(person, provider) {
  await person.open('/sign-in');
  await person.look('signing in, with a provider beside the password');
  // Whoever has switched off that pages go on by themselves stays there.
  await person.context.route(`${provider.origin}/**`, (route) => route.abort('aborted'));
  await person.press(BUTTON);
  assert.equal(await person.heading(), 'Go on to Unit ID');
  await person.look('on the way to the provider');
  await person.context.unroute(`${provider.origin}/**`);
}

async function firstTime(radia, provider, account) {
  await step('a provider: there and back, and the person goes on', async () => {
    await go(radia, provider);
    const before = await visit(radia);
    assert.equal(await comeBack(radia), undefined, 'no cookie of ours is sent on the way from another site');
    assert.equal(await visit(radia), before, 'and none is written over');
    assert.equal(await radia.heading(), 'You are almost signed in');
    await radia.look('back from the provider');
    assert.equal(radia.path(), '/sign-in/returned', 'nothing goes on by itself');
    await radia.press('Continue');
    await showCode(radia, account);
    await radia.open('/me');
    assert.match(await radia.main(), /With Unit ID, since /);
    await radia.look('one’s own account, with a provider');
  });
  await step('a provider: the page that it sent the browser back to works once', async () => {
    await radia.press('Sign out');
    await go(radia, provider);
    await comeBack(radia);
    const address = radia.page.url();
    await radia.press('Continue');
    await showCode(radia, account);
    await radia.press('Sign out');
    await radia.open(address);
    assert.equal(await radia.press('Continue'), 410);
    assert.equal(await radia.heading(), 'Begin to sign in again');
  });
}

/// Whoever is signed in there already is asked nothing, and comes through another host of the provider's.
async function unasked(person, provider, account) {
  provider.asks = false;
  await step('a provider: nobody is asked anything, and hosts hand on to each other', async () => {
    await person.open('/sign-in');
    await person.page.getByRole('button', { name: BUTTON, exact: true }).focus();
    await person.page.keyboard.press('Enter');
    await person.page.waitForURL(`${person.origin}/sign-in/returned?**`);
    await person.press('Continue');
    await showCode(person, account);
  });
  provider.asks = true;
}

async function refused(radia, provider) {
  await step('a provider: who says no there is told so here', async () => {
    await go(radia, provider);
    assert.equal(await radia.press('No'), 403);
    assert.equal(await radia.heading(), 'You are not signed in');
    assert.match(await radia.main(), /It was stopped at Unit ID/);
    await radia.look('stopped at the provider');
  });
}

async function byHand(ada, radia, provider) {
  let identifier;
  await step('a provider: an administrator takes it away', async () => {
    await ada.open('/users');
    await ada.follow('Radia Perlman');
    await ada.look('a user with a provider');
    await ada.press('Take away signing in with Unit ID');
    assert.ok(!/With Unit ID/.test(await ada.main()));
    await ada.look('a user who can be tied to a provider');
  });
  await step('a provider that says nothing of the address: one page, with the identifier', async () => {
    provider.person = { sub: SUBJECT };
    await go(radia, provider);
    await comeBack(radia);
    assert.equal(await radia.press('Continue'), 403);
    assert.equal(await radia.heading(), 'You cannot sign in this way');
    identifier = await radia.page.locator('.app-key').innerText();
    assert.equal(identifier, SUBJECT);
    await radia.look('no account at the provider');
  });
  await step('a provider: an administrator ties by the identifier', async () => {
    await ada.press('Let Radia Perlman sign in with Unit ID');
    await ada.errors(['subject']);
    await ada.look('a user, tied with nothing typed');
    await ada.type('Identifier at the provider', identifier);
    await ada.press('Let Radia Perlman sign in with Unit ID');
    assert.match(await ada.main(), /With Unit ID, since /);
  });
}

export async function signedOn(browser, ada, provider) {
  const link = await accounts.invite(ada, { login: LOGIN, name: 'Radia Perlman', roles: ['Reader'] });
  const [joined, account] = await accounts.join(browser, ada.origin, link, LOGIN);
  await joined.leave();
  provider.person = { sub: SUBJECT, email: LOGIN, email_verified: true };
  const people = [];
  for (const script of [true, false]) {
    const radia = await Person.sitDown(browser, ada.origin, { script, beside: [provider.origin, provider.other] });
    people.push(radia);
    if (script) {
      await looks(radia, provider);
      await firstTime(radia, provider, account);
      await refused(radia, provider);
      await byHand(ada, radia, provider);
      await unasked(radia, provider, account);
    } else {
      await step('a provider, without scripts', async () => {
        await go(radia, provider);
        await comeBack(radia);
        await radia.look('back from the provider, without scripts');
        await radia.press('Continue');
        await showCode(radia, account);
      });
    }
  }
  for (const [at, person] of people.entries()) {
    await check(`nothing against the policy, nothing from elsewhere: radia, ${at === 0 ? 'with' : 'without'} scripts`, async () => {
      assert.deepEqual(person.complaints, []);
    });
    await person.leave();
  }
}
