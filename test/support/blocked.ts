import type { TestApp } from './app.js';

/** Waits until something waits for a lock; only a server has the second connection that this needs. */
export async function untilBlocked(app: TestApp): Promise<void> {
  for (let turn = 0; turn < 500; turn++) {
    const [{ waiting }] = await app.database.query(
      `SELECT count(*)::int AS waiting FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
    );
    if (waiting > 0) return;
    await new Promise((next) => setTimeout(next, 10));
  }
  throw new Error('Nobody waits.');
}
