// One upload over XMLHttpRequest: fetch can't say how much of a body is sent.
import type { ImageJson } from '../../shared/image.ts';
import { type Failure, failureOfAnswer, RequestFailed } from './failure.ts';

export interface SendOptions {
  /** Bytes sent so far, the form around the file included. */
  readonly onProgress: (sentBytes: number) => void;
  readonly signal: AbortSignal;
}

/** A server that refuses a body before its end may reach the browser as a cut connection, its answer unread. */
const cutOff: Failure = {
  code: 'CutOff',
  status: null,
  what: 'the connection ended before the server answered',
  remedy: 'Check that the server runs and that the file is not over its size limit, then retry.',
};

/** The stored image. @throws RequestFailed; the signal's reason when aborted */
export function sendImage(file: File, { onProgress, signal }: SendOptions): Promise<ImageJson> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const request = new XMLHttpRequest();
    const abort = () => request.abort();
    signal.addEventListener('abort', abort, { once: true });
    request.upload.onprogress = ({ loaded }) => onProgress(loaded);
    request.onload = () => settle(request, resolve, reject);
    request.onerror = () => reject(new RequestFailed(cutOff));
    request.onabort = () => reject(signal.reason);
    request.onloadend = () => signal.removeEventListener('abort', abort);
    request.open('POST', '/api/images/');
    request.setRequestHeader('accept', 'application/json');
    const form = new FormData();
    form.append('image', file);
    request.send(form);
  });
}

function settle(
  { status, responseText }: XMLHttpRequest,
  resolve: (image: ImageJson) => void,
  reject: (error: unknown) => void,
): void {
  if (status !== 201) {
    reject(new RequestFailed(failureOfAnswer(status, responseText)));
    return;
  }
  try {
    resolve(JSON.parse(responseText) as ImageJson);
  } catch (error) {
    reject(new RequestFailed(failureOfAnswer(status, responseText), error));
  }
}
