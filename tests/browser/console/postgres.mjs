// A PostgreSQL of the test's own, on loopback, gone when the test ends.

import { execFile } from 'node:child_process';
import { access, chown, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { freePort } from '../checking.mjs';

const run = promisify(execFile);
/// Where Debian keeps the server's programs.
const VERSIONS = '/usr/lib/postgresql';

async function programs() {
  for (const version of (await readdir(VERSIONS)).sort().reverse()) {
    const folder = path.join(VERSIONS, version, 'bin');
    if (await access(path.join(folder, 'initdb')).then(() => true, () => false)) return folder;
  }
  throw new Error('PostgreSQL is not installed: install the package `postgresql`, or run `make test`');
}

/// It refuses to run as root.
function asPostgres(program, args) {
  if (process.getuid() !== 0) return run(program, args);
  return run('setpriv', ['--reuid=postgres', '--regid=postgres', '--clear-groups', program, ...args], { cwd: '/' });
}

async function number(of) {
  const { stdout } = await run('id', [of, 'postgres']);
  return Number(stdout);
}

/// Starts one; its URL, and how to end it.
export async function startPostgres() {
  const bin = await programs();
  const folder = await mkdtemp(path.join(tmpdir(), 'undisclosed-postgres-'));
  if (process.getuid() === 0) await chown(folder, await number('-u'), await number('-g'));
  const data = path.join(folder, 'data');
  const control = (...args) => asPostgres(path.join(bin, 'pg_ctl'), ['-D', data, '-l', path.join(folder, 'log'), ...args]);
  await asPostgres(path.join(bin, 'initdb'), ['-A', 'trust', '-U', 'postgres', '-E', 'UTF8', '-D', data]);
  const port = await freePort();
  await control('-o', `-p ${port} -c listen_addresses=127.0.0.1 -c unix_socket_directories=''`, '-w', 'start');
  return {
    url: `postgres://postgres@127.0.0.1:${port}/postgres`,
    async stop() {
      await control('-m', 'immediate', 'stop');
      await rm(folder, { recursive: true, force: true });
    },
  };
}
