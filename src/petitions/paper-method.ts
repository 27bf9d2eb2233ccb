/** What stands beside every number of signatures on paper. */
export const paperMethod =
  'Lines with a name and a signature on sheets of paper, counted by two people who did not see each other’s number. Nobody’s ' +
  'mailbox was asked, and whoever signed on paper may also have signed online: the two numbers are never added.';
