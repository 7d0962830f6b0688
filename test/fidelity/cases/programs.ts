// Clients that people use, as programs: what they print, how they end, and which bytes they bring home. One that is not
// installed is left out, with its reason.
import { execFile, execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { Door } from '../door.ts';
import type { FidelityCase } from './case.ts';

export interface Program {
  readonly name: string;
  /** Fails where it is not installed. */
  readonly probe: readonly string[];
  readonly cases: readonly FidelityCase[];
}

const credentials = { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test', AWS_DEFAULT_REGION: 'us-east-1' };
const timeoutMs = 60_000;

/** Runs commands one after the other in a folder with `small.txt` and `large.bin`, and notes what each showed. */
async function runAll(door: Door, commands: readonly (readonly string[])[]): Promise<void> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'keepsake-fidelity-'));
  try {
    await writeFile(path.join(folder, 'small.txt'), 'a small file\n');
    await writeFile(path.join(folder, 'large.bin'), Buffer.alloc(12 * 1024 * 1024 + 7, 'abcdefghijk'));
    for (const [program = '', ...args] of commands) door.note(await run(folder, program, args));
    for (const file of (await readdir(folder)).sort()) {
      const digest = createHash('sha256').update(await readFile(path.join(folder, file)));
      door.note(`${file}: ${digest.digest('hex')}`);
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function run(folder: string, program: string, args: readonly string[]): Promise<string> {
  const env = { PATH: process.env.PATH, HOME: folder, ...credentials, AWS_EC2_METADATA_DISABLED: 'true', TZ: 'UTC' };
  return new Promise((resolve) => {
    execFile(program, [...args], { cwd: folder, env, timeout: timeoutMs }, (error, stdout, stderr) => {
      const code = error === null ? 0 : (error.code ?? error.signal);
      resolve(`${program} ${args[0]} ended with ${code}\n${timeless(`${stdout}\n${stderr}`)}`);
    });
  });
}

// A program prints times and rates of its own, which are taken out; it draws progress over itself.
function timeless(printed: string): string {
  return printed
    .replace(/^.*\r(?!\n)/gm, '')
    .replace(/\d{4}[-/]\d\d[-/]\d\d[ T]\d\d:\d\d(:\d\d)?(\.\d+)?/g, '<date>')
    .replace(/^.*(\d+(\.\d+)? ?[KMG]?i?B\/s|Elapsed time).*$/gm, '')
    .replace(/in \d+(\.\d+)? seconds[^\n]*/g, '');
}

const boto3 = `
import boto3, sys, re, hashlib
from botocore.config import Config
from botocore.exceptions import ClientError
endpoint, bucket = sys.argv[1:3]
s3 = boto3.client('s3', endpoint_url=endpoint, config=Config(s3={'addressing_style': 'path'}, retries={'max_attempts': 1}))
def show(name, **args):
    try:
        answer = getattr(s3, name)(Bucket=bucket, **args)
        answer['ResponseMetadata'] = answer['ResponseMetadata']['HTTPStatusCode']
        if 'Body' in answer: answer['Body'] = hashlib.sha256(answer['Body'].read()).hexdigest()
        answer.pop('UploadId', None)
        print(name, re.sub(r'datetime\\([^)]*\\)\\)', '<date>', str(dict(sorted(answer.items())))))
    except ClientError as error:
        print(name, error)
for algorithm in ['CRC32', 'SHA1', 'SHA256']:
    show('put_object', Key='a ü+' + algorithm, Body=b'boto', ChecksumAlgorithm=algorithm, Metadata={'a': '1'}, Tagging='a=1')
    show('get_object', Key='a ü+' + algorithm, ChecksumMode='ENABLED')
show('get_object', Key='nothing')
show('get_object', Key='a ü+SHA1', Range='bytes=1-2')
show('head_object', Key='a ü+SHA1')
show('put_object', Key='a', Body=b'x', IfNoneMatch='*')
show('put_object', Key='a', Body=b'x', IfNoneMatch='*')
show('copy_object', Key='b', CopySource={'Bucket': bucket, 'Key': 'a ü+SHA1'})
show('get_object_tagging', Key='b')
s3.upload_file('large.bin', bucket, 'large')
s3.download_file(bucket, 'large', 'boto3.bin')
show('delete_objects', Delete={'Objects': [{'Key': 'a'}, {'Key': 'nothing'}]})
`;

const aws = (door: Door, ...args: readonly string[]) => ['aws', '--endpoint-url', door.url, ...args];
const rclone = (door: Door, ...args: readonly string[]) => [
  ...['rclone', '--s3-provider', 'Other', '--s3-endpoint', door.url, '--s3-access-key-id', 'test'],
  ...['--s3-secret-access-key', 'test', '--s3-force-path-style', '--s3-upload-cutoff', '5M', '--s3-chunk-size', '5M'],
  ...[
    '--s3-no-check-bucket',
    '--retries',
    '1',
    '--transfers',
    '1',
    '--checkers',
    '1',
    '--config',
    '/dev/null',
    '-q',
    ...args,
  ],
];
const s3cmd = (door: Door, ...args: readonly string[]) => [
  ...['s3cmd', '--config', '/dev/null', '--no-ssl', '--access_key=test', '--secret_key=test', `--host=${door.host}`],
  ...[`--host-bucket=${door.host}`, '--region=us-east-1', '--multipart-chunk-size-mb=5', '--no-progress', ...args],
];

export const programs: readonly Program[] = [
  {
    name: 'boto3',
    probe: ['python3', '-c', 'import boto3'],
    cases: [{ name: 'boto3', run: (door) => runAll(door, [['python3', '-c', boto3, door.url, door.bucket]]) }],
  },
  {
    name: 'AWS CLI',
    probe: ['aws', '--version'],
    cases: [
      {
        name: 'aws s3: cp, ls, mv, rm',
        run: (door) =>
          runAll(door, [
            aws(door, 's3', 'cp', 'small.txt', `s3://${door.bucket}/a b+ü.txt`, '--no-progress'),
            aws(door, 's3', 'cp', 'large.bin', `s3://${door.bucket}/large.bin`, '--no-progress'),
            aws(door, 's3', 'ls', `s3://${door.bucket}/`, '--recursive'),
            aws(door, 's3', 'cp', `s3://${door.bucket}/large.bin`, `s3://${door.bucket}/copy.bin`, '--no-progress'),
            aws(door, 's3', 'mv', `s3://${door.bucket}/copy.bin`, 'aws.bin', '--no-progress'),
            aws(door, 's3', 'rm', `s3://${door.bucket}/nothing`),
            aws(door, 's3', 'cp', `s3://${door.bucket}/nothing`, 'x', '--no-progress'),
            aws(door, 's3api', 'list-objects-v2', '--bucket', door.bucket, '--query', 'Contents[].[Key,Size,ETag]'),
          ]),
      },
    ],
  },
  {
    name: 'rclone',
    probe: ['rclone', 'version'],
    cases: [
      {
        name: 'rclone: copy, lsf, hashsum, check, move, delete',
        run: (door) =>
          runAll(door, [
            rclone(door, 'copy', '.', `:s3:${door.bucket}/in`),
            rclone(door, 'lsf', '-R', '--format', 'psh', `:s3:${door.bucket}`),
            rclone(door, 'check', '.', `:s3:${door.bucket}/in`),
            rclone(door, 'moveto', `:s3:${door.bucket}/in/small.txt`, `:s3:${door.bucket}/b ü+#?.txt`),
            rclone(door, 'copyto', `:s3:${door.bucket}/in/large.bin`, 'rclone.bin'),
            rclone(door, 'cat', `:s3:${door.bucket}/b ü+#?.txt`),
            rclone(door, 'deletefile', `:s3:${door.bucket}/nothing`),
            rclone(door, 'lsf', '-R', `:s3:${door.bucket}`),
          ]),
      },
    ],
  },
  {
    name: 's3cmd',
    probe: ['s3cmd', '--version'],
    cases: [
      {
        name: 's3cmd: put, ls, get, cp, info, setacl, del',
        run: (door) =>
          runAll(door, [
            s3cmd(door, 'put', 'small.txt', `s3://${door.bucket}/a b+ü.txt`, '--add-header=x-amz-meta-a:1'),
            s3cmd(door, 'put', 'large.bin', `s3://${door.bucket}/large.bin`),
            s3cmd(door, 'ls', `s3://${door.bucket}`),
            s3cmd(door, 'get', `s3://${door.bucket}/large.bin`, 's3cmd.bin'),
            s3cmd(door, 'cp', `s3://${door.bucket}/a b+ü.txt`, `s3://${door.bucket}/copy.txt`),
            s3cmd(door, 'setacl', '--acl-public', `s3://${door.bucket}/copy.txt`),
            s3cmd(door, 'info', `s3://${door.bucket}/copy.txt`),
            s3cmd(door, 'del', `s3://${door.bucket}/a b+ü.txt`),
            s3cmd(door, 'get', `s3://${door.bucket}/nothing`, 'x'),
          ]),
      },
    ],
  },
];

/** Whether a program can be run here. */
export function isInstalled({ probe: [command = '', ...args] }: Program): boolean {
  try {
    execFileSync(command, args, { stdio: 'ignore', timeout: timeoutMs });
    return true;
  } catch {
    return false; // not there, or broken: the answer to the question
  }
}
