// Folders and files whose sentences are still to be rewritten, with how many may break a rule. A number only falls, and a
// folder or file that has none leaves the list.
export const stillToDo: Readonly<Record<string, number>> = {
  src: 152,
  test: 45,
};
