import { expect, test } from 'vitest';
import { imagePagePath, type Route, routeOf } from './routes.ts';

test.each<[string, Route]>([
  ['/', { kind: 'gallery' }],
  ['', { kind: 'gallery' }],
  ['/integrity', { kind: 'integrity' }],
  ['/integrity/', { kind: 'integrity' }],
  ['/images/0193-a', { kind: 'image', id: '0193-a' }],
  ['/images/a%2Fb/', { kind: 'image', id: 'a/b' }],
  ['/images/%zz', { kind: 'unknown', path: '/images/%zz' }],
  ['/images', { kind: 'unknown', path: '/images' }],
  ['/images/a/b', { kind: 'unknown', path: '/images/a/b' }],
  ['/api/images/', { kind: 'unknown', path: '/api/images/' }],
])('%s', (path, route) => {
  expect(routeOf(path)).toEqual(route);
});

test('the path of an image leads back to it', () => {
  expect(routeOf(imagePagePath('a b/ü?#%'))).toEqual({ kind: 'image', id: 'a b/ü?#%' });
});
