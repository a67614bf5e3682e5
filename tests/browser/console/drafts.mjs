// A message written in the browser, from the first word to the approval by somebody else.

import assert from 'node:assert/strict';
import { step } from '../checking.mjs';

const PEOPLE = 'first_name,email,language,safe_to_email\n'
  + ['Ayesha', 'Bryn', 'Carys', 'Dafydd', 'Elin', 'Farah', 'Gwen', 'Huw'].map((name, number) =>
    `${name},${name.toLowerCase()}${number}@people.example,${number % 2 ? 'cy' : 'en'},yes`).join('\n');
const TEXT = 'Dear {{ first_name }},\n\nplease answer [five questions](https://survey.unit.example/).\n';
const WELSH = 'Annwyl {{ first_name }},\n\natebwch [bum cwestiwn](https://survey.unit.example/).\n';

/// What the frame beside the form shows.
async function shown(person, text) {
  await person.page.frameLocator('iframe[name="live"]').getByText(text).first().waitFor();
}

/// Waits for work in the background, as somebody does who has no scripts: by looking again.
async function until(person, text) {
  for (let look = 0; look < 30; look += 1) {
    if ((await person.main()).includes(text)) return;
    await person.follow('Look again');
  }
  assert.fail(`never: ${text}`);
}

async function write(author, subject, text) {
  await author.type('Subject', subject);
  await author.field('Message').fill(text);
}

/// Author and approver are two people; `installation` has a relay that takes what it gets.
export async function written(installation, author, approver) {
  await installation.write('spring.csv', `${PEOPLE}\n`);
  await installation.run(['import', 'Spring people', 'spring.csv', '--acknowledge', 'all'], [0]);
  await step('a draft is begun', async () => {
    await author.open('/campaigns');
    await author.press('Write a message');
    await author.look('writing a message');
    await author.press('Begin');
    await author.errors(['name', 'audience']);
    await author.look('writing a message, with nothing said');
    await author.type('Name', 'Spring survey');
    await author.page.getByLabel('Who is it for?').selectOption('Spring people');
    await author.press('Begin');
    assert.equal(await author.heading(), 'Spring survey');
  });
  await author.look('a draft that was begun');
  await step('it is written, and beside it stands what one person gets', async () => {
    await author.follow('Write the message');
    await author.type('Sender', 'Survey team <survey@unit.example>');
    await write(author, 'Five questions', TEXT);
    await shown(author, 'Dear Ayesha');
    await author.type('Person, from 1 to 8', '3');
    await shown(author, 'Dear Carys');
    assert.equal(await author.page.locator('iframe[name="live"]').getAttribute('sandbox'), '');
  });
  await author.look('a message that is being written');
  await step('what is wrong is said beside its field, and nothing is lost', async () => {
    await author.type('Subject', 'For {{ nobody');
    await author.press('Save');
    await author.errors(['subject']);
    await author.look('a message with something wrong');
    assert.ok((await author.field('Message').inputValue()).includes('five questions'));
    await author.type('Subject', 'Five questions for {{ first_name }}');
    await author.press('Save');
    assert.equal(await author.heading(), 'Spring survey');
    assert.match(await author.main(), /Written/);
  });
  await languages(author);
  await looked(author);
  await submitted(author);
  await returned(installation, author, approver);
}

async function languages(author) {
  await step('another language', async () => {
    await author.follow('Other languages');
    await author.type('Add a language', 'cy');
    await author.look('languages');
    await author.press('Add it');
    assert.equal(await author.heading(), 'The message in cy');
    await write(author, 'Pum cwestiwn', WELSH);
    await author.press('Save');
  });
}

async function looked(author) {
  await step('it is looked at, person by person, and that is entered', async () => {
    await author.follow('Look at it, person by person');
    const main = await author.main();
    // Writing it has shown messages already.
    if (main.includes('Show the messages')) await author.press('Show the messages');
    await author.follow('Person 2');
    assert.match(await author.main(), /Pum cwestiwn/);
    assert.match(await author.main(), /b\S*\*{3}\S*@p---e\.example/, 'the address is masked');
    assert.ok(!(await author.page.content()).includes('@people.example'));
    await author.look('one person’s message');
    await author.follow('Back to the draft');
  });
  await step('a time', async () => {
    await author.follow('When, and how fast');
    await author.page.getByLabel('Not before a certain time').check();
    await author.type('Day', '31');
    await author.type('Month', '2');
    await author.type('Year', '2030');
    await author.press('Save');
    await author.errors(['day']);
    await author.look('a time that there is not');
    await author.page.getByLabel('As soon as it is approved').check();
    await author.type('From', '20:00');
    await author.type('How many messages a minute at most?', 'many');
    await author.press('Save');
    await author.errors(['per_minute', 'quiet_until']);
    await author.look('limits that are none');
    await author.type('From', '');
    await author.type('How many messages a minute at most?', '6000');
    await author.press('Save');
    assert.match(await author.main(), /no more than 6000 messages a minute/);
  });
  await step('a test goes nowhere as long as no domain is named', async () => {
    await author.follow('Send a test to yourself');
    assert.match(await author.main(), /switched off|Send the test/);
    await author.look('a test to oneself');
    await author.follow('Back to the draft');
  });
}

async function submitted(author) {
  await step('nothing is submitted unchecked', async () => {
    await author.follow('Submit it for approval');
    assert.match(await author.main(), /It can be submitted when everything was checked/);
    await author.look('submitting, unchecked');
    await author.follow('Check everything');
    await author.press('Check everything');
    await until(author, 'Everybody’s message');
    assert.match(await author.main(), /8 messages were built and read again/);
  });
  await author.look('everything that was checked');
  await step('warnings are decided about, one by one', async () => {
    await author.press('Go on and submit it');
    await author.look('submitting');
    await author.press('Submit');
    await author.errors(['accept']);
    for (const box of await author.page.getByRole('checkbox').all()) await box.check();
    await author.press('Submit');
    assert.equal(await author.heading(), 'Spring survey');
    assert.match(await author.main(), /Waits for approval/);
  });
}

async function openAll(approver) {
  for (const link of await approver.page.locator('main li a').allInnerTexts()) {
    await approver.follow(link);
    if (await approver.page.getByRole('button', { name: 'Open the message' }).count()) {
      await approver.press('Open the message');
    }
    await approver.follow('Back to the approval');
  }
}

async function returned(installation, author, approver) {
  await step('the approver gives it back, and says why', async () => {
    await approver.open('/campaigns');
    await approver.follow('Spring survey');
    await approver.press('Look at it and approve');
    await openAll(approver);
    await approver.press('Give it back to its author');
    await approver.errors(['remark']);
    await approver.type('What is to be changed?', 'Say how long it takes.');
    await approver.press('Give it back to its author');
    assert.match(await approver.main(), /Draft/);
  });
  await step('the author reads it, changes it, and submits it once more', async () => {
    await author.open('/campaigns');
    await author.follow('Spring survey');
    assert.match(await author.main(), /Say how long it takes\./);
    await author.look('a campaign that was given back');
    await author.press('Change it');
    await author.look('a draft of a campaign');
    await author.follow('Write the message');
    await author.field('Message').fill(`${TEXT}\nIt takes two minutes.\n`);
    await author.press('Save');
    await author.follow('Check everything');
    await author.press('Check everything');
    await until(author, 'Everybody’s message');
    await author.press('Go on and submit it');
    for (const box of await author.page.getByRole('checkbox').all()) await box.check();
    await author.press('Submit');
    assert.match(await author.main(), /Waits for approval/);
  });
  await step('the approver sees what is different, and agrees', async () => {
    await approver.open('/campaigns');
    await approver.follow('Spring survey');
    await approver.press('Look at it and approve');
    assert.match(await approver.main(), /What is different since you looked/);
    assert.equal((await approver.page.locator('ins').allInnerTexts()).join('').includes('It takes two minutes.'), true);
    await approver.look('what is different');
    await openAll(approver);
    await approver.press('Approve');
    assert.match(await approver.main(), /Approved by\s+Grace Hopper/);
  });
}
