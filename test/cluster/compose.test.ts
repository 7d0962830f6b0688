// The compose example as a user runs it: everything but the volume may go, and the objects are there.
import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { CreateBucketCommand, GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { freePort } from '../support/free-port.ts';
import { clientFor } from '../support/keeper.ts';
import { composeCommand, describeWith } from '../support/requirements.ts';
import { waitFor } from '../support/wait-for.ts';

const root = path.resolve(import.meta.dirname, '../..');
const project = `keepsake-compose-${process.pid}`;
const run = promisify(execFile);

describeWith(['docker', 'compose'], 'examples/compose/localstack.yaml', () => {
  let port: number;
  const compose = async (...words: readonly string[]): Promise<string> => {
    const [program = '', ...plugin] = composeCommand() ?? [];
    const args = [...plugin, '-p', project, '-f', 'examples/compose/localstack.yaml', ...words];
    const { stdout } = await run(program, args, { cwd: root, env: { ...process.env, S3_PORT: String(port) } });
    return stdout.trim();
  };
  const untilReady = () =>
    waitFor('every object to be there', async () => (await fetch(`http://127.0.0.1:${port}/_keeper/readyz`)).ok, {
      timeoutMs: 180_000,
    });
  const bodyOf = async (Key: string) => {
    const { Body } = await clientFor(`http://127.0.0.1:${port}`).send(new GetObjectCommand({ Bucket: 'images', Key }));
    return Body?.transformToString();
  };

  beforeAll(async () => {
    port = await freePort();
    // On the host's network: an engine without a bridge of its own can build too.
    await run('docker', ['build', '--network', 'host', '-q', '-t', 'keepsake', '.'], { cwd: root });
    await compose('up', '--detach', '--no-build');
    await untilReady();
  }, 900_000);
  afterAll(() => compose('down', '--volumes'));

  test('what was put is there after LocalStack was killed, and after all containers were removed', async () => {
    const client = clientFor(`http://127.0.0.1:${port}`);
    await client.send(new CreateBucketCommand({ Bucket: 'images' }));
    await client.send(new PutObjectCommand({ Bucket: 'images', Key: 'a', Body: 'kept' }));

    await compose('kill', 'localstack');
    await compose('up', '--detach', '--no-build');
    await waitFor(
      'the kill to be noticed, and healed',
      async () => {
        const status = await fetch(`http://127.0.0.1:${port}/_keeper/status`).then((answer) => answer.json());
        return (status as { restore: { objectsDone: number } }).restore.objectsDone === 1;
      },
      { timeoutMs: 180_000 },
    );
    await untilReady();
    expect(await bodyOf('a')).toBe('kept');

    await compose('down');
    await compose('up', '--detach', '--no-build');
    await untilReady();
    expect(await bodyOf('a')).toBe('kept');
  });

  test('LocalStack is reached by nobody else', async () => {
    const id = await compose('ps', '-q', 'localstack');
    const { stdout } = await run('docker', ['inspect', '--format', '{{json .HostConfig.PortBindings}}', id]);
    expect(stdout.trim()).toMatch(/^(\{\}|null)$/);
  });
});
