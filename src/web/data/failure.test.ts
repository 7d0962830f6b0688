import { expect, test } from 'vitest';
import { asSentence, failureOf, failureOfAnswer, RequestFailed } from './failure.ts';

test("keeps the API's own words", () => {
  const body = {
    error: {
      code: 'UploadTooLarge',
      message: '…',
      what: 'the file is too large',
      expected: '≤ 1 MiB',
      remedy: 'Shrink.',
    },
  };
  expect(failureOfAnswer(413, JSON.stringify(body))).toEqual({
    code: 'UploadTooLarge',
    status: 413,
    what: 'the file is too large',
    expected: '≤ 1 MiB',
    remedy: 'Shrink.',
  });
});

test.each([
  [502, '<html>Bad Gateway</html>'],
  [500, ''],
  [404, 'null'],
  [400, '{"error":"no object"}'],
  [400, '{"error":{"what":7}}'],
])('an answer %d that is not the API’s (%s) still says what and what to do', (status, body) => {
  const failure = failureOfAnswer(status, body);
  expect(failure).toMatchObject({ code: `HTTP ${status}`, status, what: `the server answered ${status}` });
  expect(failure.remedy).toBeTruthy();
});

test('any thrown value can be shown', () => {
  const failure = failureOfAnswer(500, '');
  expect(failureOf(new RequestFailed(failure))).toBe(failure);
  expect(failureOf(new TypeError('x is not a function')).what).toBe('x is not a function');
  expect(failureOf('odd').what).toBe('odd');
});

test.each([
  ['the file is empty', 'The file is empty.'],
  ['Try again.', 'Try again.'],
  ['why?', 'Why?'],
  ['', '.'],
])('%j becomes the sentence %j', (text, sentence) => {
  expect(asSentence(text)).toBe(sentence);
});
