// The needs of a test beyond this package, found by the usual means. A test whose need is missing is skipped with a printed
// reason. When KEEPSAKE_REQUIRE names the need (a comma-separated list, as CI sets it), its absence is a failure instead.
import { execFileSync } from 'node:child_process';
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { describe, inject } from 'vitest';

export type Requirement = 'docker' | 'compose' | 'localstack' | 'kubernetes' | 'chromium' | 'cc' | 'mount' | 'python3';

const remedies: Readonly<Record<Requirement, string>> = {
  docker: 'no Docker engine answers that has or can pull the images of the tests; start one',
  compose: 'no Docker Compose: install its plugin, or docker-compose',
  localstack: 'no LocalStack: set AWS_S3_ENDPOINT_URL, or start a Docker engine',
  kubernetes: 'no Kubernetes: set KUBECONFIG, or KUBEBUILDER_ASSETS to a folder with etcd and kube-apiserver',
  chromium: 'no Chromium: install it, or set CHROMIUM_PATH',
  cc: 'no Linux with a C compiler: install gcc',
  python3: 'no Linux with Python: install python3',
  mount: 'no right to mount: be root on Linux, in no container',
};

/** `describe` when all requirements are met, else a skipped one whose reason is printed at the end of the run. */
export function describeWith(requirements: readonly Requirement[], name: string, body: () => void): void {
  const unmet = requirements.filter((requirement) => !isMet(requirement));
  const required = unmet.filter((requirement) => process.env.KEEPSAKE_REQUIRE?.split(',').includes(requirement));
  if (required.length > 0)
    throw new Error(`${name}: must run here, but ${required.map((one) => remedies[one]).join('; ')}`);
  if (unmet.length === 0) {
    describe(name, body);
    return;
  }
  const reasons = unmet.map((one) => remedies[one]).join('; ');
  appendFileSync(inject('unmetFile'), `${JSON.stringify({ name, reasons })}\n`);
  describe.skip(`${name} (not run: ${reasons})`, body);
}

function isMet(requirement: Requirement): boolean {
  switch (requirement) {
    case 'docker':
      return inject('hasDocker');
    case 'compose':
      return composeCommand() !== undefined;
    case 'localstack':
      return inject('localstackUrl') !== null;
    case 'kubernetes':
      return Boolean(process.env.KUBECONFIG ?? process.env.KUBEBUILDER_ASSETS);
    case 'chromium':
      return chromiumPath() !== undefined;
    case 'cc':
      return isOnLinux('cc'); // which makes libraries for LD_PRELOAD
    case 'python3':
      return isOnLinux('python3');
    case 'mount':
      return mayMount();
  }
}

/** The Chromium to drive: CHROMIUM_PATH, or the first of the usual places. */
export function chromiumPath(): string | undefined {
  const places = [
    '/usr/bin/chromium',
    '/usr/bin/chromium-browser',
    '/usr/bin/google-chrome',
    '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  ];
  return process.env.CHROMIUM_PATH ?? places.find((place) => existsSync(place));
}

/** The words that run Docker Compose: its plugin, else the program of its own. */
export function composeCommand(): readonly string[] | undefined {
  return [['docker', 'compose'], ['docker-compose']].find(([program = '', ...words]) => {
    try {
      execFileSync(program, [...words, 'version'], { stdio: 'ignore', timeout: 10_000 });
      return true;
    } catch {
      return false; // not there: the answer to the question
    }
  });
}

/** Whether a Docker engine answers (not merely its client) that has these images, or can pull them. */
export function canRunImages(images: readonly string[]): boolean {
  return (
    succeeds('docker', ['version', '--format', '{{.Server.Version}}'], 10_000) &&
    images.every(
      (image) =>
        succeeds('docker', ['image', 'inspect', image], 10_000) || succeeds('docker', ['pull', image], 600_000),
    )
  );
}

function succeeds(program: string, args: readonly string[], timeout: number): boolean {
  try {
    execFileSync(program, args, { stdio: 'pipe', timeout });
    return true;
  } catch {
    return false; // no client, no engine behind it, no such image: the answer to the question
  }
}

/** Whether this is Linux, and has that program. */
function isOnLinux(program: string): boolean {
  if (process.platform !== 'linux') return false;
  try {
    execFileSync(program, ['--version'], { stdio: 'pipe' });
    return true;
  } catch {
    return false; // not installed: the answer to the question
  }
}

/** Whether this process has CAP_SYS_ADMIN, the right to mount. */
function mayMount(): boolean {
  if (process.platform !== 'linux') return false;
  const rights = /^CapEff:\s*([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '0';
  return (BigInt(`0x${rights}`) & (1n << 21n)) !== 0n;
}
