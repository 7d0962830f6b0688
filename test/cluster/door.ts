// The system through its ingress, as a browser meets it: http://keepsake.localhost.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import http from 'node:http';
import { cluster } from '../../src/shared/names.ts';

export interface Answer {
  /** 0 when there was none. */
  readonly status: number;
  readonly body: Buffer;
}

/** The port of this machine that leads to the ingress: what kind's cluster file says (k8s/cluster-8080.yaml), else 80. */
const port = portOfKind() ?? 80;

/** Where the page is. */
export const site = `http://${cluster.host}:${port}/`;

function portOfKind(): number | undefined {
  try {
    const args = ['port', 'keepsake-control-plane', '80/tcp'];
    return Number(/:(\d+)\s*$/m.exec(execFileSync('docker', args, { encoding: 'utf8', stdio: 'pipe' }))?.[1] ?? 80);
  } catch {
    return undefined; // not on kind, so nothing is mapped
  }
}

const agent = new http.Agent({ keepAlive: true, maxSockets: 16 });

/** One request to the ingress. An answer that never came, or was cut off, has the status 0. */
export function ask(
  path: string,
  options: { readonly method?: string; readonly headers?: http.OutgoingHttpHeaders; readonly body?: Buffer } = {},
): Promise<Answer> {
  const { method = 'GET', headers = {}, body } = options;
  return new Promise((resolve) => {
    const lost = () => resolve({ status: 0, body: Buffer.alloc(0) });
    const request = http.request(
      // The name leads to this machine in every browser, but not in every resolver.
      {
        host: '127.0.0.1',
        port,
        path,
        method,
        agent,
        headers: { ...headers, host: `${cluster.host}:${port}` },
        timeout: 60_000,
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', lost);
        response.on('end', () => resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks) }));
      },
    );
    request.on('error', lost).on('timeout', () => request.destroy());
    request.end(body);
  });
}

/** An image that the API has acknowledged. */
export interface Acknowledged {
  readonly key: string;
  readonly path: string;
  readonly sha256: string;
}

/** Uploads one image; undefined when it was not acknowledged. */
export async function upload(bytes: Buffer, name: string): Promise<Acknowledged | undefined> {
  const form = new FormData();
  form.set('title', name);
  form.set('image', new Blob([new Uint8Array(bytes)]), name);
  const encoded = new Response(form);
  const { status, body } = await ask('/api/images/', {
    method: 'POST',
    headers: { 'content-type': encoded.headers.get('content-type') ?? '' },
    body: Buffer.from(await encoded.arrayBuffer()),
  });
  if (status !== 201) return undefined;
  const image = JSON.parse(body.toString()) as { key: string; image_url: string };
  return { key: image.key, path: image.image_url, sha256: sha256Of(bytes) };
}

export function sha256Of(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
