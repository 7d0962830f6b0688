// Prepared statements, one for each SQL text and connection.
import type { DatabaseSync, StatementSync } from 'node:sqlite';

/** SQL text → its statement, prepared at first use. The text must be one of a fixed few: it is kept. */
export type Prepare = (sql: string) => StatementSync;

export function preparing(database: DatabaseSync): Prepare {
  const statements = new Map<string, StatementSync>();
  return (sql) => {
    const statement = statements.get(sql) ?? database.prepare(sql);
    statements.set(sql, statement);
    return statement;
  };
}
