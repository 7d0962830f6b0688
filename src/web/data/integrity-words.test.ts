import { expect, test } from 'vitest';
import { findingClasses } from '../../shared/report.ts';
import { classWords } from './integrity-words.ts';

test('every class of a report has its row in the table', () => {
  expect(Object.keys(classWords).sort()).toEqual([...findingClasses].sort());
});
