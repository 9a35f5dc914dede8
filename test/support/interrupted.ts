/** Sessions in which a test acts at a chosen moment of a poll. */
import type { Connect, Session } from '../../lambdas/shared/session.ts';

/** Sessions that run `act` once, before the first statement that matches; it may use the session itself. */
export function interrupted(connect: Connect, pattern: RegExp, act: (session: Session) => Promise<void>): Connect {
  return async () => {
    const session = await connect();
    let acted = false;
    const before = async (sql: string) => {
      if (acted || !pattern.test(sql)) return;
      acted = true;
      await act(session);
    };
    return {
      ...session,
      query: async (sql, values) => {
        await before(sql);
        return session.query(sql, values);
      },
      copyOut: async (sql, sink) => {
        await before(sql);
        return session.copyOut(sql, sink);
      },
    };
  };
}
