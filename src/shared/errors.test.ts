import { expect, test } from 'vitest';
import { asKeepsakeError, errorCatalogue, KeepsakeError, toErrorBody } from './errors.ts';

test('says what, expected, got and remedy, in this order', () => {
  const error = new KeepsakeError('EmptyFile', {
    what: 'the file is empty',
    expected: 'at least one byte',
    got: '0 bytes',
    remedy: 'Choose another file.',
  });
  expect(error.message).toBe('the file is empty: expected at least one byte, got 0 bytes. Choose another file.');
  expect(error).toMatchObject({ status: 400, kind: 'person' });
});

test('shows the caller the parts, never the cause', () => {
  const body = toErrorBody(new KeepsakeError('S3Unavailable', { what: "S3 can't be reached" }, new Error('secret')));
  expect(body).toEqual({
    error: { code: 'S3Unavailable', message: "S3 can't be reached.", what: "S3 can't be reached" },
  });
});

test('turns anything thrown into Internal, with its cause kept', () => {
  const cause = new TypeError('x is undefined');
  expect(asKeepsakeError(cause)).toMatchObject({ code: 'Internal', cause });
});

test('has a valid HTTP error status for every code', () => {
  expect(Object.values(errorCatalogue).filter(({ status }) => status < 400 || status > 599)).toEqual([]);
});
