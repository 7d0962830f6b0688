// Prepared statements, one for each SQL text and connection.
import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';

/** SQL text → its statement, prepared at first use. The text must be one of a fixed few: it is kept. */
export type Prepare = (sql: string) => StatementSync;

export function preparing(database: DatabaseSync): Prepare {
  const statements = new Map<string, StatementSync>();
  const prepare = bindsEmptyAsNull(database)
    ? preparingWithEmptyBytes(database)
    : (sql: string) => database.prepare(sql);
  return (sql) => {
    const statement = statements.get(sql) ?? prepare(sql);
    statements.set(sql, statement);
    return statement;
  };
}

/** Node 22 hands SQLite a null pointer for bytes of length 0 that came from another thread, which SQLite takes for NULL. */
function bindsEmptyAsNull(database: DatabaseSync): boolean {
  const fromAnotherThread = structuredClone(new Uint8Array(0));
  return database.prepare('SELECT ? IS NULL AS missing').get(fromAnotherThread)?.missing === 1;
}

/** Statements that write bytes of length 0 as such, on a Node that does not. */
function preparingWithEmptyBytes(database: DatabaseSync): Prepare {
  const empty = new Uint8Array(1).subarray(1); // of length 0, but somewhere: its pointer is not null
  return (sql) => {
    const statement = database.prepare(sql);
    const run = statement.run.bind(statement) as (...values: SQLInputValue[]) => ReturnType<typeof statement.run>;
    statement.run = (...values: unknown[]) =>
      run(
        ...(values as SQLInputValue[]).map((value) =>
          value instanceof Uint8Array && value.length === 0 ? empty : value,
        ),
      );
    return statement;
  };
}
