// The first administrator, signing in and out, a colleague who is invited, and one's own account.

import assert from 'node:assert/strict';
import { step } from '../checking.mjs';
import { Authenticator } from './authenticator.mjs';
import { Person } from './person.mjs';

const SHORT = 'short';
const RECOVERY_CODES = 10;

/// Types a password and the app's code into the form behind a link; what the console then knows of the person.
export async function setUp(person, login, password) {
  const key = await person.page.locator('.app-key').innerText();
  const account = { login, password, authenticator: new Authenticator(key) };
  await person.type('Password', password);
  await person.type('Password once more', password);
  await person.type('Code', account.authenticator.code());
  assert.equal(await person.press('Set up my account'), 200);
  assert.equal(await person.heading(), 'Your account is set up');
  account.paper = await person.page.locator('.app-codes li').allInnerTexts();
  assert.equal(new Set(account.paper).size, RECOVERY_CODES);
  return account;
}

/// Opens a link in a browser of its own, and sets the account up.
export async function join(browser, origin, link, login, { script = true } = {}) {
  const person = await Person.sitDown(browser, origin, { script });
  assert.equal(await person.open(link), 200);
  const account = await setUp(person, login, `${login} chose kettles under umbrellas`);
  return [person, account];
}

/// Invites somebody; the link.
export async function invite(person, { login, name, roles }) {
  await person.open('/users/new');
  await person.type('E-mail address', login);
  await person.type('Name', name);
  for (const role of roles) await person.tick(role);
  assert.equal(await person.press('Make the invitation'), 200);
  assert.equal(await person.heading(), 'The invitation is made');
  return person.page.locator('.app-link').innerText();
}

export async function firstAdministrator(person, { link, olderLink }) {
  let account;
  await step('a link of an earlier start cannot be used', async () => {
    assert.equal(await person.open(olderLink), 410);
    assert.equal(await person.heading(), 'This link cannot be used');
  });
  await person.look('410');
  await step('the first administrator: what is missing and wrong is said', async () => {
    assert.equal(await person.open(link), 200);
    await person.look('setting up the first account');
    await person.press('Set up my account');
    await person.errors(['login', 'name', 'password', 'code']);
    await person.look('setting up, with nothing typed');
    await person.type('Your e-mail address', 'ada');
    await person.type('Your name', 'Ada Lovelace');
    await person.type('Password', SHORT);
    await person.type('Code', '12');
    await person.press('Set up my account');
    await person.errors(['login', 'password', 'code']);
    assert.equal(await person.field('Your name').inputValue(), 'Ada Lovelace');
    assert.equal(await person.field('Password').inputValue(), '', 'a password does not come back');
    await person.type('Your e-mail address', 'ada@unit.example');
    await person.type('Password', 'kettles under wet umbrellas');
    await person.type('Password once more', 'kettles under dry umbrellas');
    await person.type('Code', new Authenticator(await person.page.locator('.app-key').innerText()).wrong());
    await person.press('Set up my account');
    await person.errors(['again', 'code']);
  });
  await step('then all is right, and the codes on paper are shown', async () => {
    account = await setUp(person, 'ada@unit.example', 'kettles under wet umbrellas');
    assert.equal(await person.page.title(), 'Write these codes down – Undisclosed');
  });
  await person.look('the codes on paper');
  await step('the same link cannot be used again', async () => {
    assert.equal(await person.open(link), 410);
  });
  return account;
}

export async function signingIn(person, account) {
  await step('nobody is signed in, and every page asks for it', async () => {
    assert.equal(await person.open('/users'), 200);
    assert.equal(person.path(), '/sign-in');
    await person.look('signing in');
  });
  await step('signing in: what is wrong is said, and not what of it', async () => {
    await person.press('Continue');
    await person.errors(['login', 'password']);
    await person.look('signing in, with nothing typed');
    await person.type('E-mail address', account.login);
    await person.type('Password', 'umbrellas under wet kettles');
    await person.press('Continue');
    await person.errors(['login']);
    assert.equal(await person.field('E-mail address').inputValue(), account.login);
  });
  await step('the password, then the code', async () => {
    await person.type('Password', account.password);
    await person.press('Continue');
    assert.equal(await person.heading(), 'Enter your code');
    await person.look('the code');
    assert.equal(await person.open('/campaigns'), 200);
    assert.equal(person.path(), '/sign-in/code', 'the password alone shows nothing');
    await person.press('Continue');
    await person.errors(['code']);
    await person.type('Code', account.authenticator.wrong());
    await person.press('Continue');
    await person.errors(['code']);
    await person.look('the code, wrong');
    await person.type('Code', account.authenticator.code());
    await person.press('Continue');
    assert.equal(await person.heading(), 'Campaigns');
    await person.look('no campaigns yet');
  });
  await step('cookies are out of the reach of scripts and of other sites', async () => {
    const cookies = await person.context.cookies();
    assert.deepEqual(cookies.map(({ name }) => name).sort(), ['device', 'session', 'visit']);
    for (const cookie of cookies) {
      assert.deepEqual([cookie.name, cookie.httpOnly, cookie.sameSite], [cookie.name, true, 'Strict']);
    }
    assert.equal(await person.page.evaluate(() => document.cookie), '');
  });
  await step('signed out, the way back shows nothing', async () => {
    await person.follow('Users');
    assert.match(await person.main(), new RegExp(account.login));
    await person.press('Sign out');
    assert.equal(person.path(), '/sign-in');
    for (let back = 0; back < 2; back += 1) {
      await person.page.goBack();
      assert.equal(await person.heading(), 'Sign in');
      assert.ok(!(await person.page.content()).includes('Ada'));
    }
  });
  await step('signing in with a code on paper', async () => {
    await person.open('/sign-in');
    await person.type('E-mail address', account.login);
    await person.type('Password', account.password);
    await person.press('Continue');
    await person.type('Code', account.paper.shift().toUpperCase().replaceAll('-', ' '));
    await person.press('Continue');
    assert.equal(person.path(), '/campaigns');
  });
}

export async function colleagues(browser, person) {
  let joined;
  await step('an invitation: what is missing is said', async () => {
    await person.open('/users');
    await person.look('the users');
    await person.press('Invite somebody');
    await person.look('an invitation');
    await person.press('Make the invitation');
    await person.errors(['login', 'name', 'roles']);
    await person.look('an invitation, with nothing typed');
  });
  await step('a reader is invited, and sets up an account in another browser', async () => {
    const link = await invite(person, { login: 'grace@unit.example', name: 'Grace Hopper', roles: ['Reader'] });
    await person.look('the invitation is made');
    joined = await Person.sitDown(browser, person.origin);
    assert.equal(await joined.open(link), 200);
    assert.match(await joined.main(), /Grace Hopper, grace@unit\.example/);
    await joined.look('setting up an account that was invited');
    joined.account = await setUp(joined, 'grace@unit.example', 'nine ships without a harbour');
    await joined.press('Sign in');
    await joined.signIn(joined.account);
    assert.equal(joined.path(), '/campaigns');
  });
  await step('a reader sees no users, by link or by address', async () => {
    const navigation = joined.page.getByRole('navigation', { name: 'Console' });
    assert.deepEqual(await navigation.getByRole('link').allInnerTexts(), ['Campaigns', 'Audiences', 'Ledger', 'Your account']);
    for (const place of ['/users', '/users/new', '/users/1']) assert.equal(await joined.open(place), 403);
    assert.equal(await joined.heading(), 'You cannot do this');
    await joined.look('403');
  });
  return joined;
}

export async function oneUser(person, reader) {
  await step('a user: signed out everywhere, by an administrator', async () => {
    await person.open('/users');
    await person.follow('Grace Hopper');
    assert.match(await person.main(), /In one browser/);
    await person.look('a user');
    await person.press('Sign Grace Hopper out everywhere');
    assert.match(await person.main(), /Nowhere/);
    await reader.open('/campaigns');
    assert.equal(reader.path(), '/sign-in');
  });
  await step('a user: roles', async () => {
    await person.tick('Reader');
    await person.press('Save the roles');
    await person.errors(['roles']);
    await person.look('a user, without a role');
    await person.tick('Reader');
    await person.tick('Approver');
    await person.press('Save the roles');
    assert.ok(await person.field('Approver').isChecked());
  });
  await step('a user: kept out, and let in again by a new link', async () => {
    await person.press('Disable this account');
    await person.look('a user who is disabled');
    await reader.type('E-mail address', reader.account.login);
    await reader.type('Password', reader.account.password);
    await reader.press('Continue');
    await reader.errors(['login']);
    await person.press('Let Grace Hopper sign in again');
    await person.press('Make a new link');
    const link = await person.page.locator('.app-link').innerText();
    await person.look('a new link is made');
    assert.equal(await reader.open(link), 200);
    reader.account = await setUp(reader, reader.account.login, 'nine harbours without a ship');
    await reader.signIn(reader.account);
    assert.equal(reader.path(), '/campaigns');
  });
  await step('the last administrator stays one', async () => {
    await person.open('/users');
    await person.follow('Ada Lovelace');
    assert.equal(await person.page.getByRole('button', { name: 'Make a new link' }).count(), 0);
    await person.look('one’s own user page');
    assert.equal(await person.press('Disable this account'), 409);
    assert.equal(await person.heading(), 'This cannot be done');
    await person.look('409');
  });
}

export async function ownAccount(browser, person, account) {
  await step('one’s own account: where one is signed in', async () => {
    const elsewhere = await Person.sitDown(browser, person.origin);
    await elsewhere.signIn(account);
    await person.open('/me');
    assert.equal(await person.page.locator('.app-session').count(), 2);
    await person.look('one’s own account');
    await person.press('Sign out everywhere else');
    assert.equal(await person.page.locator('.app-session').count(), 1);
    await elsewhere.open('/me');
    assert.equal(elsewhere.path(), '/sign-in');
    await elsewhere.leave();
  });
  await step('one’s own account: another password', async () => {
    await person.press('Change the password');
    await person.errors(['current', 'password']);
    await person.look('one’s own account, with nothing typed');
    await person.type('The password you have now', account.password);
    await person.type('New password', 'umbrellas under dry kettles');
    await person.type('New password once more', 'umbrellas under dry kettles');
    await person.press('Change the password');
    assert.equal(person.path(), '/me');
    account.password = 'umbrellas under dry kettles';
  });
}
