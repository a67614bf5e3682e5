// The pages that nobody wants to see.

import assert from 'node:assert/strict';
import { step } from '../checking.mjs';
import { Person } from './person.mjs';

/// Wrong passwords until one has to wait; the console has its own tests of how many.
const TRIES_MAX = 15;

export async function trouble(browser, person) {
  await step('a page that is not there', async () => {
    assert.equal(await person.open('/campaigns/999'), 404);
    assert.equal(await person.open('/nowhere'), 404);
    await person.look('404');
    await person.follow('Go to the first page');
    assert.equal(person.path(), '/campaigns');
  });
  const stranger = await Person.sitDown(browser, person.origin);
  await step('a form that is out of date', async () => {
    await stranger.open('/sign-in');
    await stranger.context.clearCookies();
    await stranger.type('E-mail address', 'mallory@unit.example');
    await stranger.type('Password', 'nothing that anybody has');
    assert.equal(await stranger.press('Continue'), 403);
    assert.equal(await stranger.heading(), 'This form is out of date');
    await stranger.look('a form that is out of date');
  });
  await step('a form that is too large', async () => {
    await stranger.open('/sign-in');
    await stranger.field('E-mail address').fill(`${'m'.repeat(200_000)}@unit.example`);
    assert.equal(await stranger.press('Continue'), 413);
    await stranger.look('413');
  });
  await step('too many wrong passwords', async () => {
    let status = 200;
    for (let tries = 0; status === 200 && tries < TRIES_MAX; tries += 1) {
      await stranger.open('/sign-in');
      await stranger.type('E-mail address', 'mallory@unit.example');
      await stranger.type('Password', 'nothing that anybody has');
      status = await stranger.press('Continue');
    }
    assert.equal(status, 429);
    await stranger.look('429');
  });
  await step('another name of the same server', async () => {
    const elsewhere = person.origin.replace('127.0.0.1', 'localhost');
    const lost = await Person.sitDown(browser, elsewhere);
    assert.equal(await lost.open('/sign-in'), 421);
    assert.equal(await lost.heading(), 'This server has another name');
    await lost.look('421', { keys: false });
    assert.deepEqual(lost.complaints, []);
    await lost.leave();
  });
  return stranger;
}
