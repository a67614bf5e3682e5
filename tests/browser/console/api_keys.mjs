// API keys: made, shown once, and taken away.

import assert from 'node:assert/strict';
import { step } from '../checking.mjs';

const NAME = 'Case system, import';

/// What the API says to a key.
async function asks(person, key) {
  const response = await fetch(new URL('/api/v1/campaigns', person.origin), { headers: { authorization: `Bearer ${key}` } });
  return response.status;
}

export async function apiKeys(person) {
  let key;
  await step('API keys: there are none, and what is missing in the form is said', async () => {
    await person.open('/campaigns');
    await person.follow('API keys');
    await person.look('the API keys, none yet');
    await person.press('Make an API key');
    await person.look('an API key');
    await person.press('Make the key');
    await person.errors(['name', 'scopes', 'life']);
    await person.look('an API key, with nothing typed');
  });
  await step('an API key is made, and shown once', async () => {
    await person.type('Name', NAME);
    await person.tick('read');
    await person.tick('90 days');
    assert.equal(await person.press('Make the key'), 200);
    assert.equal(await person.heading(), 'The key is made');
    key = await person.page.locator('.app-link').innerText();
    assert.match(key, /^und_[a-z2-7]{52}$/);
    await person.look('the key is made');
    assert.equal(await asks(person, key), 200);
    await person.follow('Go to the API keys');
    assert.match(await person.main(), new RegExp(NAME));
    assert.ok(!(await person.page.content()).includes(key));
    await person.look('the API keys');
  });
  await step('an API key is taken away, and is worth nothing at once', async () => {
    await person.press(`Revoke ${NAME}`);
    assert.match(await person.main(), /Revoked on/);
    await person.look('the API keys, one revoked');
    assert.equal(await asks(person, key), 401);
  });
}
