// Folders and files whose sentences are still to be rewritten, with how many may break a rule. A number only falls, and a
// folder or file that has none leaves the list.
export const stillToDo: Readonly<Record<string, number>> = {
  'CHANGELOG.md': 11,
  Dockerfile: 12,
  'README.md': 11,
  charts: 13,
  docs: 11,
  src: 173,
  test: 53,
};
