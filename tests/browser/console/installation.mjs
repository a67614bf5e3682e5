// An installation in a folder of its own: the commands, and the console.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { END_MS, PROGRAM, ending, within } from '../checking.mjs';

const START_MS = 60_000;

export class Installation {
  #running = new Set();

  static async make(relay, environment = {}) {
    const made = new Installation();
    made.folder = await mkdtemp(path.join(tmpdir(), 'undisclosed-console-'));
    made.environment = {
      ...process.env,
      UNDISCLOSED_DNS__RESOLVER: 'none',
      UNDISCLOSED_RELAY__URL: relay.url,
      UNDISCLOSED_SENDER__FROM: 'Survey team <survey@unit.example>',
      UNDISCLOSED_BOUNCE__DOMAIN: 'bounce.unit.example',
      UNDISCLOSED_BOUNCE__LISTEN: '127.0.0.1:0',
      UNDISCLOSED_CONSOLE__LISTEN: '127.0.0.1:0',
      UNDISCLOSED_HEALTH__LISTEN: '127.0.0.1:0',
      // One after another: what the relay has taken is what the page shows.
      UNDISCLOSED_DELIVERY__CONNECTIONS: '1',
      ...environment,
    };
    await made.run(['init']);
    return made;
  }

  write(name, text) {
    return writeFile(path.join(this.folder, name), text);
  }

  start(args, environment = {}) {
    const child = spawn(PROGRAM, args, {
      cwd: this.folder,
      env: { ...this.environment, ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const running = { child, said: '', complained: '', ended: ending(child) };
    child.stdout.setEncoding('utf8').on('data', (text) => { running.said += text; });
    child.stderr.setEncoding('utf8').on('data', (text) => { running.complained += text; });
    this.#running.add(running);
    running.ended.then(() => this.#running.delete(running));
    return running;
  }

  /// Runs a command to its end, which has one of these exit codes.
  async run(args, codes = [0], environment = {}) {
    const command = this.start(args, environment);
    const code = await within(START_MS, args.join(' '), command.ended);
    assert.ok(codes.includes(code), `${args.join(' ')} ended with ${code}:\n${command.said}${command.complained}`);
    return command.said;
  }

  /// Starts the console; `pattern` finds in its words what is waited for.
  async serve(pattern, args = [], environment = {}) {
    const serving = this.start(['serve', ...args], environment);
    const found = new Promise((resolve) => {
      serving.child.stdout.on('data', () => {
        const match = pattern.exec(serving.said);
        if (match) resolve(match);
      });
    });
    const early = serving.ended.then((how) => {
      throw new Error(`serve ended (${how}):\n${serving.said}${serving.complained}`);
    });
    serving.found = await within(START_MS, 'the console', Promise.race([found, early]));
    // Behind the words, the end is nobody's failure.
    early.catch(() => {});
    return serving;
  }

  /// Ctrl-C, as on a terminal; how it ended.
  async interrupt(running) {
    running.child.kill('SIGINT');
    return within(END_MS, 'the end', running.ended);
  }

  async remove() {
    for (const one of this.#running) one.child.kill('SIGKILL');
    await rm(this.folder, { recursive: true, force: true });
  }
}
